/**
 * A frame's own properties, whatever its columns are called. A nodejs-polars frame is a proxy whose columns hide its members:
 * with a column `height`, `frame.height` is that column; with one named `lazy`, `frame.lazy()` throws. Code that is handed a
 * frame therefore asks here. A LazyDataFrame hides nothing, so whatever else is done goes through `lazyOf`.
 *
 * @module
 */
import { Writable } from "node:stream";
import { DataType } from "nodejs-polars/bin/datatypes/index.js";
import { _LazyDataFrame } from "nodejs-polars/bin/lazy/dataframe.js";
import { SchemaError } from "../errors.ts";
import { type DataFrame, type Expr, type LazyDataFrame, pl, type Series } from "./polars.ts";

/** The members of the native frame that stand behind the proxy. */
interface NativeFrame {
  readonly height: number;
  readonly columns: string[];
  lazy(): object;
  frameEqual(other: NativeFrame, nullEqual: boolean): boolean;
  dtypes(): unknown[];
  writeIpc(target: Writable, compression: string): void;
}

/** Number of rows. */
export function heightOf(frame: DataFrame): number {
  return nativeOf(frame).height;
}

/** Names of the columns, in order. */
export function columnsOf(frame: DataFrame): string[] {
  return nativeOf(frame).columns;
}

/** One column. */
export function columnOf(frame: DataFrame, name: string): Series {
  return Reflect.get(frame, name) as Series;
}

/** The frame for expressions that run on polars' own threads. */
export function lazyOf(frame: DataFrame): LazyDataFrame {
  return _LazyDataFrame(nativeOf(frame).lazy());
}

/** Only these columns, in this order. Copies no values. */
export function selectOf(frame: DataFrame, columns: readonly string[]): DataFrame {
  return lazyOf(frame).select(exactColumns(columns)).collectSync();
}

/** `rows` rows from row `start` on. Copies no values. */
export function sliceOf(frame: DataFrame, start: number, rows: number): DataFrame {
  return lazyOf(frame).slice(start, rows).collectSync();
}

/** The column of exactly this name: polars takes `^…$` for a pattern and `*` for all columns. */
export function exactColumn(name: string): Expr {
  return isPattern(name) ? pl.col(`^${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`) : pl.col(name);
}

function isPattern(name: string): boolean {
  return name === "*" || (name.startsWith("^") && name.endsWith("$"));
}

/**
 * Columns in this order, as few expressions as can be: nodejs-polars takes nearly a millisecond to make one, so that a thousand
 * columns by `exactColumn` would cost a second.
 */
export function exactColumns(names: readonly string[]): Expr[] {
  const expressions: Expr[] = [];
  for (let at = 0; at < names.length; ) {
    const odd = names.findIndex((name, index) => index >= at && isPattern(name));
    const end = odd < 0 ? names.length : odd;
    if (end > at) expressions.push(pl.col(names.slice(at, end)));
    if (odd >= 0) expressions.push(exactColumn(names[odd] as string));
    at = odd < 0 ? end : odd + 1;
  }
  return expressions;
}

/** Whether two frames have the same names, types and values, -0 taken for 0, and an empty list for null. */
export function isSame(left: DataFrame, right: DataFrame): boolean {
  return nativeOf(left).frameEqual(nativeOf(right), true);
}

/** The dtypes of the columns, in order. Throws where nodejs-polars has no dtype for one (binary, enum). */
export function dtypesOf(frame: DataFrame): DataType[] {
  return nativeOf(frame)
    .dtypes()
    .map((dtype) => DataType.deserialize(dtype));
}

/** The frame as the bytes of an Arrow file, made at once: for small frames. Texts come as views. */
export function ipcBytesOf(frame: DataFrame): Buffer {
  const parts: Buffer[] = [];
  const target = new Writable({
    write(part: Buffer, _encoding, done) {
      parts.push(part);
      done();
    },
  });
  nativeOf(frame).writeIpc(target, "uncompressed");
  target.end();
  return Buffer.concat(parts);
}

function nativeOf(frame: DataFrame): NativeFrame {
  const native: unknown = Reflect.get(frame, "_df");
  if (typeof native === "object" && native !== null && "lazy" in native) return native as NativeFrame;
  throw reservedName();
}

export function reservedName(): SchemaError {
  return new SchemaError('A column can\'t be called "_df": nodejs-polars needs that name for itself.', {
    hint: "Rename the column.",
  });
}

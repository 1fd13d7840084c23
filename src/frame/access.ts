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
  return lazyOf(frame).select(columns.map(exactColumn)).collectSync();
}

/** `rows` rows from row `start` on. Copies no values. */
export function sliceOf(frame: DataFrame, start: number, rows: number): DataFrame {
  return lazyOf(frame).slice(start, rows).collectSync();
}

/** The column of exactly this name: polars takes `^…$` for a pattern and `*` for all columns. */
export function exactColumn(name: string): Expr {
  return name === "*" || (name.startsWith("^") && name.endsWith("$"))
    ? pl.col(`^${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`)
    : pl.col(name);
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

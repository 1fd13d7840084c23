import { SchemaError } from "../errors.ts";
import { reservedName } from "./access.ts";
import { arrowLibrary } from "./arrow-library.ts";
import { toArrowField } from "./arrow-types.ts";
import type { Part } from "./parts.ts";
import { type DataFrame, pl } from "./polars.ts";
import { type ColumnType, typeText } from "./types.ts";

/**
 * The frame of encoded columns: one Arrow record batch, handed to polars as the bytes of an Arrow file.
 *
 * @throws SchemaError for names and types that polars can't take from one.
 */
export function assemble(parts: readonly Part[], height: number): DataFrame {
  if (parts.length === 0) return pl.DataFrame({});
  for (const { name, type } of parts) {
    if (name === "_df") throw reservedName();
    requireHoldable(name, type, name);
  }
  const lib = arrowLibrary();
  const schema = new lib.Schema(parts.map(({ name, type }) => toArrowField(name, type)));
  const children = parts.map(({ data }) => data);
  const struct = lib.makeData({ type: new lib.Struct(schema.fields), length: height, nullCount: 0, children });
  const writer = lib.RecordBatchFileWriter.writeAll([new lib.RecordBatch(schema, struct)]);
  const { buffer, byteOffset, byteLength } = writer.toUint8Array(true);
  return pl.readIPC(Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength));
}

function requireHoldable(name: string, type: ColumnType, path: string): void {
  if (name === "") {
    throw new SchemaError(path === "" ? "A column has no name." : `A field of column "${path}" has no name.`, {
      hint: "Name every column and field; Arrow files can't hold one without.",
    });
  }
  if (!name.isWellFormed()) {
    throw new SchemaError(`The name ${JSON.stringify(name)} is no valid Unicode.`, {
      hint: "Rename the column or field.",
    });
  }
  if (type.kind === "array" && type.size === 0) {
    throw new SchemaError(`Column "${path}" is ${typeText(type)}; an array has at least one item.`, {
      hint: "Declare a list.",
    });
  }
  if (type.kind === "list" || type.kind === "array") requireHoldable("item", type.item, path);
  if (type.kind === "struct") for (const field of type.fields) requireHoldable(field.name, field.type, path);
}

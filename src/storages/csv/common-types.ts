import type { FrameField, FrameSchema } from "../../contracts/frame-schema.ts";
import { SchemaError } from "../../errors.ts";
import { type ColumnType, parseType, sameType, typeText } from "../../frame/types.ts";
import { widerType } from "../../frame/widen.ts";
import { shape, typeOfShapes } from "./shapes.ts";
import type { ColumnShapes } from "./survey.ts";

/** What is known of one of several files. */
export interface FileTypes {
  frame: string;
  names: readonly string[];
  /** The schema that was kept when millrace wrote it, else what all its values look like. */
  kept?: FrameSchema | undefined;
  shapes?: readonly ColumnShapes[] | undefined;
}

/**
 * The types that hold every value of several files: those found over the values of all files of other programs, and those that were
 * kept; where they differ, the narrowest that holds both, and else text.
 *
 * @throws SchemaError when a file has other columns than the first.
 */
export function commonTypes(files: readonly FileTypes[]): FrameSchema {
  const [first, ...others] = files;
  if (!first) return { fields: [] };
  for (const other of others) requireSameNames(first, other);
  return { fields: first.names.map((name) => commonField(name, files)) };
}

function requireSameNames(first: FileTypes, other: FileTypes): void {
  const missing = first.names.find((name) => !other.names.includes(name));
  const extra = other.names.find((name) => !first.names.includes(name));
  if (missing === undefined && extra === undefined) return;
  const what = missing === undefined ? `has the column "${extra}", which` : `lacks the column "${missing}", which`;
  throw new SchemaError(`${other.frame} ${what} ${first.frame} ${missing === undefined ? "lacks" : "has"}.`, {
    storage: "csv",
    frame: other.frame,
    hint: "Files that are read as one have the same columns; narrow the pattern, or read them one by one.",
  });
}

function commonField(name: string, files: readonly FileTypes[]): FrameField {
  const shapes = files.flatMap((file) => file.shapes?.filter((each) => each.name === name) ?? []);
  const seen = shapes.reduce((all, each) => all | each.seen, 0);
  const digits = Math.max(0, ...shapes.map((each) => each.digits));
  const found = (seen & ~shape.empty) === 0 ? [] : [typeOfShapes(seen, digits)];
  const kept = files.flatMap((file) => file.kept?.fields.filter((each) => each.name === name) ?? []);
  const types = [...kept.map(({ type }) => parseType(type)), ...found];
  const type = types.reduce<ColumnType | null>((a, b) => (a === null ? null : widest(a, b)), types[0] ?? null);
  return { name, type: typeText(type ?? { kind: "string" }), nullable: true };
}

function widest(a: ColumnType, b: ColumnType): ColumnType | null {
  if (sameType(a, b)) return a;
  if (a.kind === "datetime" && b.kind === "datetime" && a.zone === b.zone && a.unit !== "ns" && b.unit !== "ns") {
    return { ...a, unit: "us" };
  }
  return widerType(a, b);
}

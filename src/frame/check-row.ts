import type { FrameSchema } from "../contracts/frame-schema.ts";
import type { StandardIssue, StandardResult } from "../contracts/standard-schema.ts";
import { didYouMean } from "../system/nearest.ts";
import { describe, isRecord, MisfitError } from "./column.ts";
import { decodeColumn } from "./decode.ts";
import { encodeColumn } from "./encode.ts";
import { refuseNulls } from "./parts.ts";
import { parseType } from "./types.ts";

/** One row as it would come out of a frame of this schema; or everything in it that no such frame takes. */
export function checkRow({ fields }: FrameSchema, row: unknown): StandardResult<Record<string, unknown>> {
  if (!isRecord(row)) return { issues: [{ message: `A row is an object, not ${describe(row)}.` }] };
  const names = fields.map(({ name }) => name);
  const issues: StandardIssue[] = Object.keys(row)
    .filter((key) => !names.includes(key))
    .map((key) => ({ message: `The schema has no column "${key}".${didYouMean(key, names)}`, path: [key] }));
  const values = fields.map(({ name, type, nullable }) => {
    const value: unknown = Object.hasOwn(row, name) ? row[name] : null;
    const column = { name, type: parseType(type), values: [value] };
    try {
      if (!nullable) refuseNulls(column);
      return [name, decodeColumn(column.type, encodeColumn(column))[0]] as const;
    } catch (error) {
      if (!(error instanceof MisfitError)) throw error;
      issues.push({ message: `It ${error.problem}`, path: error.place.path });
      return [name, null] as const;
    }
  });
  return issues.length > 0 ? { issues } : { value: Object.fromEntries(values) };
}

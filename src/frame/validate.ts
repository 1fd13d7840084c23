import type { DeclaredSchema } from "../contracts/frame-schema.ts";
import type { StandardIssue, StandardResult, StandardSchema } from "../contracts/standard-schema.ts";
import { SchemaError } from "../errors.ts";
import { pathText } from "./column.ts";

/** What rows may be described with: columns and their types, or a validator that speaks Standard Schema, such as a zod object. */
export type RowSchema = DeclaredSchema | StandardSchema<unknown, unknown>;

/** Whether rows are described by a validator such as a zod object. What `frameSchema` gives is none: its columns count. */
export function isValidator(schema: unknown): schema is StandardSchema<unknown, unknown> {
  if ((typeof schema !== "object" && typeof schema !== "function") || schema === null) return false;
  const standard: unknown = Reflect.get(schema, "~standard");
  return typeof standard === "object" && standard !== null && !("fields" in schema && Array.isArray(schema.fields));
}

/**
 * What a validator makes of each row.
 *
 * @throws SchemaError for the first row that it refuses, and when it would answer later: that takes `frame(rows.values(), …)`.
 */
export function validated(rows: readonly unknown[], validator: StandardSchema<unknown, unknown>): unknown[] {
  return rows.map((row, index) => {
    const result = validator["~standard"].validate(row);
    if (result instanceof Promise) {
      result.catch(() => {});
      throw new SchemaError("The validator answers with a promise, for which frame(rows, validator) can't wait.", {
        hint: "Write `await frame(rows.values(), validator)`.",
      });
    }
    return outputOf(result, index);
  });
}

/** As `validated`, for validators of either kind. `first` is the first row's number. */
export async function validatedLater(
  rows: readonly unknown[],
  validator: StandardSchema<unknown, unknown>,
  first: number,
): Promise<unknown[]> {
  const values: unknown[] = [];
  for (const [index, row] of rows.entries()) {
    const result = validator["~standard"].validate(row);
    values.push(outputOf(result instanceof Promise ? await result : result, first + index));
  }
  return values;
}

function outputOf(result: StandardResult<unknown>, row: number): unknown {
  if (!result.issues) return result.value;
  const problems = result.issues.map((issue) => {
    const path = pathOf(issue);
    return path.length > 0 ? `column "${pathText(path)}": ${issue.message}` : issue.message;
  });
  throw new SchemaError(`Row ${row} does not fit: ${problems.join("; ")}.`.replace(/\.\.$/, "."), {
    hint: "Change the row, or what the validator asks for.",
  });
}

function pathOf({ path = [] }: StandardIssue): PropertyKey[] {
  return path.map((part) => (typeof part === "object" ? part.key : part));
}

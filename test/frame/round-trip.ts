import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import { expect } from "vitest";
import { compareFrames } from "../../src/frame/compare.ts";
import { frame } from "../../src/frame/frame.ts";
import { frameSchema } from "../../src/frame/frame-schema.ts";
import { records } from "../../src/frame/records.ts";
import { rows } from "../../src/frame/rows.ts";
import { schemaOf } from "../../src/frame/schema.ts";
import { type AnyColumn, anyColumns } from "./arbitrary.ts";

/** Any frame comes back from its rows, value by value, with its types. fast-check prints the seed of a failure. */
export async function checkRecords(runs: number): Promise<void> {
  const property = fc.asyncProperty(anyColumns(6), async (columns) => {
    const df = made(columns);
    const given = records(df);
    const schema = schemaOf(df);
    expect(schema.fields.map(({ name, type }) => [name, type])).toEqual(
      [...columns].map(([name, { type }]) => [name, type]),
    );
    for (const [name, { type, values }] of columns) {
      if (!type.includes("datetime"))
        deepStrictEqual(
          given.map((row) => row[name]),
          values,
        );
    }
    const again = frame(given, schema);
    expect(schemaOf(again)).toEqual(schema);
    deepStrictEqual(records(again), given);
    expect(await compareFrames(df, again)).toBeNull();
  });
  await fc.assert(property, { numRuns: runs });
}

/** Rows one by one, in slices and through the schema's own check are the same rows. */
export async function checkRows(runs: number): Promise<void> {
  const property = fc.asyncProperty(anyColumns(4), async (columns) => {
    const df = made(columns);
    const given = records(df);
    deepStrictEqual(await Array.fromAsync(rows(df)), given);
    const later = await frame(given.values(), schemaOf(df));
    deepStrictEqual(records(later), given);
    const check = frameSchema(schemaOf(df))["~standard"].validate;
    deepStrictEqual(
      given.map((row) => check(row)),
      given.map((value) => ({ value })),
    );
  });
  await fc.assert(property, { numRuns: runs });
}

function made(columns: ReadonlyMap<string, AnyColumn>) {
  const values = Object.fromEntries([...columns].map(([name, column]) => [name, column.values]));
  return frame(values, { fields: [...columns].map(([name, { type }]) => ({ name, type, nullable: true })) });
}

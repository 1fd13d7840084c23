import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { SchemaError } from "../../src/errors.ts";
import { fromArrow, toArrow } from "../../src/frame/arrow.ts";
import { concatFrames, sliceFrame } from "../../src/frame/batches.ts";
import { compareFrames } from "../../src/frame/compare.ts";
import { frame } from "../../src/frame/frame.ts";
import { mergeFrames } from "../../src/frame/merge.ts";
import { records } from "../../src/frame/records.ts";
import { assertSchema, readSchema, requireColumns, requireFrame, schemaOf } from "../../src/frame/schema.ts";
import { everyType } from "./samples.ts";

describe("a declared schema", () => {
  test("is read in both forms", () => {
    const whole = readSchema({ a: "datetime[us,UTC]?", b: "null" });
    expect(whole.fields).toEqual([
      { name: "a", type: "datetime[us, UTC]", nullable: true },
      { name: "b", type: "null", nullable: true },
    ]);
    expect(readSchema(whole)).toEqual(whole);
  });

  test("may have a column called fields", () => {
    expect(readSchema({ fields: "string" }).fields).toEqual([{ name: "fields", type: "string", nullable: false }]);
  });

  test("holds for a frame in any order of columns", () => {
    expect(() => assertSchema(frame({ a: [1], b: ["x"] }), { b: "string", a: "float64" })).not.toThrow();
    expect(() => assertSchema(everyType().df, everyType().schema)).not.toThrow();
  });

  test("lists every difference at once", () => {
    const df = frame(
      { a: [1], b: [null], d: ["x"][0] === "x" ? ["x"] : [] },
      { a: "float64", b: "string?", d: "string" },
    );
    expect(() => assertSchema(df, { a: "int64", b: "string", c: "date" }, { storage: "csv", frame: "f" })).toThrow(
      /"a" is int64 .* float64.*"c" is missing.*"d" is not in.*"b" holds a null/,
    );
  });
});

test("columns that are asked for have to be there", () => {
  const schema = schemaOf(frame({ price: [1], volume: [2] }));
  expect(() => requireColumns(schema, ["price"])).not.toThrow();
  expect(() => requireColumns(schema, ["prize", "volum"])).toThrow(
    'There is no column "prize", "volum". Did you mean "price"?',
  );
});

test("only a DataFrame is a frame", () => {
  expect(() => requireFrame(frame([]), "csv", "x")).not.toThrow();
  for (const value of [null, undefined, [], {}, "a", frame([]).lazy()]) {
    expect(() => requireFrame(value, "csv", "x")).toThrow(SchemaError);
  }
});

describe("batches", () => {
  const { df } = everyType();

  test("cut and joined again are the frame", async () => {
    for (const rows of [1, 3, 4, 5]) {
      const pieces = [...sliceFrame(df, rows)];
      expect(pieces).toHaveLength(Math.ceil(4 / rows));
      expect(await compareFrames(df, concatFrames(pieces))).toBeNull();
    }
  });

  test("of a frame without rows are one piece with its columns", () => {
    expect([...sliceFrame(df.head(0), 10)].map((piece) => piece.shape)).toEqual([{ height: 0, width: df.width }]);
    expect(() => [...sliceFrame(df, 0)]).toThrow(SchemaError);
  });

  test("that differ are refused", () => {
    expect(() => concatFrames([])).toThrow(SchemaError);
    expect(() => concatFrames([frame({ a: [1] }), frame({ a: [1n] })])).toThrow('"a" is float64');
    expect(() => concatFrames([frame({ a: [1], b: [1] }), frame({ b: [1], a: [1] })])).toThrow("another order");
    expect(() => concatFrames([frame({ a: [1] }), frame({ a: [1], b: [1] })])).toThrow('"b" is not in');
  });
});

test("columns may be called like a frame's own methods", async () => {
  const members = [
    "height",
    "width",
    "columns",
    "dtypes",
    "lazy",
    "select",
    "slice",
    "head",
    "getColumn",
    "writeIPC",
    "vstack",
  ];
  const rows = [0, 1].map((row) => Object.fromEntries(members.map((name, index) => [name, `${row} ${index}`])));
  const df = frame(rows);
  expect(schemaOf(df).fields.map(({ name }) => name)).toEqual(members);
  expect(records(df)).toEqual(rows);
  expect(() => assertSchema(df, schemaOf(df))).not.toThrow();
  expect(await compareFrames(df, concatFrames([...sliceFrame(df, 1)]), { anyOrder: true })).toBeNull();
  expect(await compareFrames(df, await fromArrow(await toArrow(df)))).toBeNull();
  const merged = await mergeFrames(df, df, { mode: "upsert", key: ["height", "lazy"], storage: "s", frame: "f" });
  expect(await compareFrames(df, merged)).toBeNull();
  expect(
    records(await mergeFrames(df, frame({ filter: [1] }), { mode: "append", storage: "s", frame: "f" })),
  ).toHaveLength(3);
});

test("nothing is printed by any of it", () => {
  const at = (file: string) => JSON.stringify(new URL(`../../src/frame/${file}`, import.meta.url).href);
  const program = `
    const { everyType } = await import(${JSON.stringify(new URL("samples.ts", import.meta.url).href)});
    const { compareFrames } = await import(${at("compare.ts")});
    const { frame } = await import(${at("frame.ts")});
    const { records } = await import(${at("records.ts")});
    const { mergeFrames } = await import(${at("merge.ts")});
    const { toArrow, fromArrow } = await import(${at("arrow.ts")});
    const { applyReadOptions } = await import(${at("time-range.ts")});
    const { schemaOf } = await import(${at("schema.ts")});
    const { df } = everyType();
    await compareFrames(df, await fromArrow(await toArrow(df)), { anyOrder: true });
    const place = { storage: "s", frame: "f" };
    await mergeFrames(frame({ id: [1], a: [null] }), frame({ id: Float32Array.of(1), b: ["x"] }), { mode: "upsert", key: ["id"], ...place });
    await applyReadOptions(df.lazy(), schemaOf(df), { from: "2024-01-01", timeColumn: "a datetime[us, Europe/Berlin]" }).collect();
    records(df);
  `;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
  });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
});

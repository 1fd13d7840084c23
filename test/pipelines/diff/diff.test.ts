import fc from "fast-check";
import { expect, test } from "vitest";
import { compareFrames } from "../../../src/frame/compare.ts";
import { frame } from "../../../src/frame/frame.ts";
import { diff } from "../../../src/pipelines/diff/diff.ts";
import { anyColumns } from "../../frame/arbitrary.ts";
import { everyType } from "../../frame/samples.ts";

const old = frame(
  { id: [1n, 2n, 3n, 4n], close: [1, 2, 3, Number.NaN], note: ["a", null, "c", "d"] },
  { id: "int64", close: "float64", note: "string?" },
);
const next = frame(
  { id: [4n, 3n, 2n, 5n], close: [Number.NaN, 3.5, 2, 9], note: ["d", null, "b", "e"] },
  { id: "int64", close: "float64", note: "string?" },
);

test("by key, rows are added, removed, changed and unchanged, and changes are counted by column", async () => {
  const found = await diff(old, next, { key: ["id"] });
  expect(found).toEqual({
    equal: false,
    by: "key",
    key: ["id"],
    oldRows: 4,
    newRows: 4,
    columns: { added: [], removed: [], retyped: [], reordered: false },
    added: 1,
    removed: 1,
    changed: 2,
    unchanged: 1,
    changes: { close: 1, note: 2 },
    samples: {
      added: [{ id: 5n, close: 9, note: "e" }],
      removed: [{ id: 1n, close: 1, note: "a" }],
      changed: [
        { key: { id: 2n }, old: { note: null }, new: { note: "b" } },
        { key: { id: 3n }, old: { close: 3, note: "c" }, new: { close: 3.5, note: null } },
      ],
      unchanged: [{ id: 4n, close: Number.NaN, note: "d" }],
    },
  });
});

test("without a key, equal rows are counted wherever they stand", async () => {
  const a = frame({ x: [1, 1, 1, 2, 3], y: ["a", "a", "a", "b", "c"] });
  const b = frame({ x: [3, 1, 2, 2], y: ["c", "a", "b", "b"] });
  const found = await diff(a, b);
  expect(found).toMatchObject({ by: "content", added: 1, removed: 2, changed: 0, unchanged: 3, equal: false });
  expect(found.samples).toEqual({
    added: [{ x: 2, y: "b" }],
    removed: [{ x: 1, y: "a" }],
    changed: [],
    unchanged: [
      { x: 1, y: "a" },
      { x: 2, y: "b" },
      { x: 3, y: "c" },
    ],
  });
  expect(await diff(a, a.reverse())).toMatchObject({ equal: true, unchanged: 5 });
});

test("by order, rows of one place are compared, and the longer frame has rows added or removed at its end", async () => {
  const found = await diff(frame({ x: [1, 2, 3] }), frame({ x: [1, 5] }), { order: true });
  expect(found).toMatchObject({ by: "order", added: 0, removed: 1, changed: 1, unchanged: 1, changes: { x: 1 } });
  expect(found.samples.changed).toEqual([{ key: { row: 2 }, old: { x: 2 }, new: { x: 5 } }]);
  expect(found.samples.removed).toEqual([{ x: 3 }]);
});

test("NaN equals NaN and -0 differs from 0, in lists as well, in every way of pairing", async () => {
  const a = frame(
    { id: [1, 2, 3], x: [Number.NaN, 0, 0], list: [[Number.NaN], [0], []] },
    { id: "float64", x: "float64", list: "list[float64]" },
  );
  const b = frame(
    { id: [1, 2, 3], x: [Number.NaN, -0, 0], list: [[Number.NaN], [-0], []] },
    { id: "float64", x: "float64", list: "list[float64]" },
  );
  expect(await diff(a, b, { key: ["id"] })).toMatchObject({ changed: 1, changes: { x: 1, list: 1 }, unchanged: 2 });
  expect(await diff(a, b, { order: true })).toMatchObject({ changed: 1, unchanged: 2 });
  expect(await diff(a, b)).toMatchObject({ added: 1, removed: 1, unchanged: 2 });
  expect(await diff(a.select("x"), b.select("x"))).toMatchObject({ added: 1, removed: 1, unchanged: 2 });
});

test("columns that differ are told: added, removed, of another type, in another order", async () => {
  const a = frame(
    { id: [1n], n: [1], f: [1n], gone: ["x"], s: ["x"] },
    { id: "int64", n: "int32", f: "int64", gone: "string", s: "categorical" },
  );
  const b = frame(
    { n: [1n], id: [1n], f: [1], new: [true], s: ["x"] },
    { n: "int64", id: "int64", f: "float64", new: "boolean", s: "string" },
  );
  const found = await diff(a, b, { key: ["id"] });
  expect(found).toMatchObject({ equal: false, unchanged: 1, changed: 0 });
  expect(found.columns).toEqual({
    added: [{ name: "new", type: "boolean", nullable: true }],
    removed: [{ name: "gone", type: "string", nullable: true }],
    retyped: [
      { name: "n", old: "int32", new: "int64", compared: true },
      { name: "f", old: "int64", new: "float64", compared: false },
      { name: "s", old: "categorical", new: "string", compared: true },
    ],
    reordered: true,
  });
});

test("integers beyond 2^53 and times of one nanosecond are told apart", async () => {
  const of = (n: bigint, ts: string) => frame({ n: [n], ts: [ts] }, { n: "int64", ts: "datetime[ns]" });
  const found = await diff(
    of(2n ** 53n, "2024-01-01T00:00:00.000000001"),
    of(2n ** 53n + 1n, "2024-01-01T00:00:00.000000002"),
    { order: true },
  );
  expect(found.changes).toEqual({ n: 1, ts: 1 });
});

test("a frame of every type equals itself in every way of pairing", async () => {
  const { df } = everyType();
  const same = everyType().df;
  for (const options of [{}, { order: true }])
    expect(await diff(df, same, options)).toMatchObject({ equal: true, unchanged: 4 });
  expect(await diff(df, same, { key: ["a uint16"] }).catch((error: Error) => error.message)).toMatch(
    /row 3 has no value/,
  );
});

test("frames are equal by order exactly when compareFrames finds no difference", async () => {
  const pairs = anyColumns(4).map((columns) => {
    const fields = [...columns].map(([name, { type }]) => ({ name, type, nullable: true }));
    const of = (order: (values: unknown[]) => unknown[]) =>
      frame(Object.fromEntries([...columns].map(([name, { values }]) => [name, order(values)])), { fields });
    return [of((values) => values), of((values) => values.toReversed())] as const;
  });
  await fc.assert(
    fc.asyncProperty(pairs, async ([df, reversed]) => {
      const expected = (await compareFrames(df, reversed)) === null;
      expect((await diff(df, reversed, { order: true })).equal).toBe(expected);
      expect((await diff(df, reversed)).equal).toBe(true);
    }),
    { numRuns: 15 },
  );
});

test("frames without rows, or with rows on one side, are compared", async () => {
  const none = old.head(0);
  expect(await diff(none, none, { key: ["id"] })).toMatchObject({ equal: true, unchanged: 0 });
  expect(await diff(none, next, { key: ["id"] })).toMatchObject({ added: 4, removed: 0 });
  expect(await diff(old, none)).toMatchObject({ added: 0, removed: 4 });
  expect(await diff(none, next, { order: true })).toMatchObject({ added: 4 });
});

test("a key that is doubled, lacking or unknown is refused with its rows", async () => {
  const doubled = frame({ id: [1n, 2n, 1n] }, { id: "int64" });
  await expect(diff(doubled, doubled, { key: ["id"] })).rejects.toThrow(
    'The key "id": row 1 and row 3 have the same in the old frame.',
  );
  await expect(diff(old, next, { key: ["note"] })).rejects.toThrow(
    'The key "note": row 2 has no value in the old frame.',
  );
  await expect(diff(old, next, { key: ["idd"] })).rejects.toThrow('Did you mean "id"?');
  await expect(diff(old, next, { key: ["id"], order: true })).rejects.toThrow("not by both");
});

test("columns whose names mean something to polars or to the comparison are compared", async () => {
  const columns = { row: [1, 2], old: [1, 2], "^v.*$": [1, 2], "*": [1, 2], v0: [1, 2], "new v0": [1, 2], d0: [1, 2] };
  const other = { ...columns, "*": [1, 3] };
  expect(await diff(frame(columns), frame(other), { key: ["row"] })).toMatchObject({ changes: { "*": 1 } });
  expect(await diff(frame(columns), frame(other))).toMatchObject({ added: 1, removed: 1 });
});

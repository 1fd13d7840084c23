import { readdirSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { IRestorableBackup } from "../../../src/contracts/restorable-backup.ts";
import { sliceFrame } from "../../../src/frame/batches.ts";
import { frame } from "../../../src/frame/frame.ts";
import type { DataFrame } from "../../../src/frame/polars.ts";
import { diff } from "../../../src/pipelines/diff/diff.ts";
import { diffJson, diffText } from "../../../src/pipelines/diff/render.ts";
import { diffStores } from "../../../src/pipelines/diff/stores.ts";
import { type OpenedFactory, openFactory } from "../../storages/factory.ts";

let opened: OpenedFactory;
beforeAll(async () => {
  opened = await openFactory();
});
afterAll(() => opened[Symbol.asyncDispose]());

const schema = { id: "int64", group: "categorical", close: "float64?", tags: "list[int64]?", "*": "string" };

function some(rows: number, from = 0): DataFrame {
  const at = Array.from({ length: rows }, (_, index) => index + from);
  return frame(
    {
      id: at.map((n) => BigInt(n)),
      group: at.map((n) => `g${n % 7}`),
      close: at.map((n) => (n % 5 === 0 ? null : n % 3 === 0 ? Number.NaN : n / 3)),
      tags: at.map((n) => (n % 4 === 0 ? null : [BigInt(n)])),
      "*": at.map(String),
    },
    schema,
  );
}

async function* batches(df: DataFrame, rows: number) {
  yield* sliceFrame(df, rows);
}

test("large sides are dealt to files and give what a diff in memory gives", async () => {
  const old = some(1_500);
  const next = some(1_500, 10).reverse();
  for (const options of [{ key: ["id", "group"] }, {}, { order: true }]) {
    const whole = await diff(old, next, { ...options, samples: 10_000 });
    const { samples, ...counts } = whole;
    const dealt = await diffStores(batches(old, 700), batches(next, 900), {
      ...options,
      ...{ samples: 10_000, cellsInMemory: 2_000, parts: 5, config: opened.config },
    });
    const sorted = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(diffJson(row as never))).sort();
    expect({ ...dealt, samples: null }).toEqual({ ...counts, samples: null });
    for (const kind of ["added", "removed", "changed", "unchanged"] as const) {
      expect(sorted(dealt.samples[kind])).toEqual(sorted(samples[kind]));
    }
  }
});

test("a doubled key in a large side is named by its rows in the whole frame", async () => {
  const old = some(2_000);
  const doubled = old.vstack(old.slice(1_234, 1));
  await expect(diffStores(batches(doubled, 500), old, { key: ["id"], cellsInMemory: 1_000, parts: 3 })).rejects.toThrow(
    'The key "id": row 1235 and row 2001 have the same in the old frame.',
  );
});

test("two storages are compared, and files of the comparison are gone afterwards", async () => {
  const { factory, config } = opened;
  const plain = some(500).select("id", "group", "close");
  await factory.createDataSaver("csv").saveData(plain, "prices");
  await factory.createDataSaver("temp").saveData(plain.slice(0, 499), "prices");
  const sides = [
    { source: factory.createDataSource("csv"), name: "prices" },
    { source: factory.createDataSource("temp"), name: "prices" },
  ] as const;
  const found = await diffStores(...sides, { key: ["id"], cellsInMemory: 100, parts: 5, config });
  expect(found).toMatchObject({ added: 0, removed: 1, changed: 0, unchanged: 499 });
  const left = readdirSync(config.FS_TEMP, { recursive: true, encoding: "utf8" }).filter(
    (path) => path.includes("exchange") && path.endsWith(".arrow"),
  );
  expect(left).toEqual([]);
});

test("a backup is compared with what stands there now, and leaves nothing behind", async () => {
  const { factory } = opened;
  const saver = factory.createDataSaver("csv");
  const backup = factory.createDataBackup("csv") as IRestorableBackup;
  const source = factory.createDataSource("csv");
  await saver.saveData(frame({ id: [1, 2], x: ["a", "b"] }), "kept");
  const [, location] = await backup.backupData("kept");
  await saver.saveData(frame({ id: [1, 2], x: ["a", "c"] }), "kept");
  const found = await diffStores(
    { backup, location: location ?? "", source, saver },
    { source, name: "kept" },
    { key: ["id"] },
  );
  expect(found).toMatchObject({ changed: 1, changes: { x: 1 }, unchanged: 1 });
  expect((await source.listSources()).filter((name) => name.includes("diff"))).toEqual([]);
});

test("a diff ends when its signal says so", async () => {
  const controller = new AbortController();
  const endless = (async function* () {
    for (;;) {
      yield some(10);
      controller.abort(new Error("enough"));
    }
  })();
  await expect(diffStores(endless, some(5), { key: ["id"], signal: controller.signal })).rejects.toThrow("enough");
});

test("a diff is shown on a terminal in a line for each thing that differs", async () => {
  const old = frame(
    { id: [1n, 2n, 3n], x: [1, 2, 3], gone: [true, true, true] },
    { id: "int64", x: "float64", gone: "boolean" },
  );
  const next = frame(
    { id: [2n, 3n, 4n], x: ["a\nb".length, 9, 1], new: ["x", "y", "z"] },
    { id: "int64", x: "float64", new: "string" },
  );
  expect(diffText(await diff(old, next, { key: ["id"] }))).toBe(
    [
      "3 rows against 3, by id: 1 added, 1 removed, 2 changed, 0 unchanged.",
      "  column added    new: string",
      "  column removed  gone: boolean",
      "  changed in x: 2 rows",
      "+ id=4 x=1 new='z'",
      "- id=1 x=1 gone=true",
      "~ id=2  x: 2 -> 3",
      "~ id=3  x: 3 -> 9",
      "",
    ].join("\n"),
  );
  expect(diffText(await diff(old, old))).toBe("Equal, in any order: 3 rows.\n");
  expect(
    diffText(await diff(old, next), { width: 20 })
      .split("\n")
      .every((line) => line.length <= 20),
  ).toBe(true);
});

test("a diff is JSON in which no value is altered silently", async () => {
  const of = (n: bigint, x: number) =>
    frame({ n: [n], x: [x], b: [Uint8Array.of(1, 255)] }, { n: "int64", x: "float64", b: "binary" });
  const json = diffJson(await diff(of(2n ** 53n + 1n, Number.NaN), of(5n, -0)));
  expect(json).toMatchObject({
    added: 1,
    samples: { added: [{ n: 5, x: "-0", b: "\\x01ff" }], removed: [{ n: "9007199254740993", x: "NaN", b: "\\x01ff" }] },
  });
});

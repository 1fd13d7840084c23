import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compareFrames } from "../../../src/frame/compare.ts";
import { pl } from "../../../src/frame/polars.ts";
import { schemaOf } from "../../../src/frame/schema.ts";
import { CsvStorage } from "../../../src/storages/csv/index.ts";
import { columnTypes, frames } from "../hostile.ts";
import { freshContext } from "../place.ts";

async function openCsv() {
  const context = await freshContext();
  const storage = new CsvStorage(context);
  return { context, source: storage.source(), saver: storage.saver() };
}

for (const [kind, { values, make }] of Object.entries(columnTypes)) {
  test(`a column of ${kind} comes back value by value`, async () => {
    const { source, saver } = await openCsv();
    const sample = fc.sample(fc.option(values, { freq: 5 }), { numRuns: 300, seed: 7 });
    const frame = make("x", sample);
    await saver.saveData(frame, "one");
    const back = await source.getData("one");
    expect(schemaOf(back)).toEqual(schemaOf(frame));
    expect(await compareFrames(frame, back)).toBeNull();
  });
}

test("frames of any columns under any names come back exactly, in all four forms of file", async () => {
  const { source, saver } = await openCsv();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(frames(), fc.constantFrom(".csv", ".tsv", ".csv.gz", ".csv.zst"), async (frame, ending) => {
      run += 1;
      await saver.saveData(frame, `x${run}${ending}`);
      expect(await compareFrames(frame, await source.getData(`x${run}${ending}`))).toBeNull();
    }),
    { numRuns: 30, seed: 11 },
  );
}, 60_000);

test("a frame without rows keeps its columns and types", async () => {
  const { source, saver } = await openCsv();
  const ticks = pl.DataFrame([pl.Series("a", [1], pl.Int16)]);
  const frame = ticks.select(pl.col("a"), pl.col("a").cast(pl.Int64).cast(pl.Datetime("ns", "UTC")).alias("b")).head(0);
  await saver.saveData(frame, "none");
  expect(await compareFrames(frame, await source.getData("none"))).toBeNull();
});

test("a single column of nulls, empty texts and blank lines comes back", async () => {
  const { context, source, saver } = await openCsv();
  const frame = pl.DataFrame([pl.Series("a", [null, "", "x", null, null], pl.String)]);
  await saver.saveData(frame, "one");
  expect(await readFile(join(context.root, "data", "one.csv"), "utf8")).toBe('a\n\n""\nx\n\n\n');
  expect(await compareFrames(frame, await source.getData("one"))).toBeNull();
});

test("instants are written in UTC with a Z, and wall clocks without", async () => {
  const { context, saver } = await openCsv();
  const ticks = pl.DataFrame([pl.Series("t", ["1709164800123456", null], pl.String).cast(pl.Int64)]);
  const frame = ticks.select(
    pl.col("t").cast(pl.Datetime("us", "America/New_York")).alias("zoned"),
    pl.col("t").cast(pl.Datetime("us")).alias("wall"),
  );
  await saver.saveData(frame, "times");
  const text = await readFile(join(context.root, "data", "times.csv"), "utf8");
  expect(text).toBe("zoned,wall\n2024-02-29T00:00:00.123456Z,2024-02-29T00:00:00.123456\n,\n");
});

test.each([
  ["a date after 9999", pl.Series("d", [1, 2932897], pl.Int32).cast(pl.Date), /Row 2 .*column "d".*year/],
  [
    "a time before year 0",
    pl.Series("t", [-62167219200001], pl.Int64).cast(pl.Datetime("ms")),
    /Row 1 .*column "t".*year/,
  ],
  [
    "the least of all times",
    pl.Series("t", ["-9223372036854775808"], pl.String).cast(pl.Int64).cast(pl.Datetime("us")),
    /Row 1/,
  ],
  ["a NUL character", pl.Series("s", ["x", "a\0b"]), /Row 2 .*column "s".*NUL/],
  ["a list", pl.Series("l", [[1], [2]]), /"l".*list/],
])("%s is refused before anything is written", async (_, series, message) => {
  const { context, saver } = await openCsv();
  const saved = saver.saveData(pl.DataFrame([series]), "x");
  await expect(saved).rejects.toMatchObject({ name: "FidelityError", code: "NOT_EXACT", storage: "csv" });
  await expect(saved).rejects.toThrow(message);
  expect(await readdir(join(context.root, "data")).catch(() => [])).toEqual([]);
});

test("a frame without columns is refused", async () => {
  const { saver } = await openCsv();
  await expect(saver.saveData(pl.DataFrame({}), "x")).rejects.toMatchObject({ name: "FidelityError" });
});

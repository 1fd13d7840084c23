import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compareFrames } from "../../../src/frame/compare.ts";
import { frame } from "../../../src/frame/frame.ts";
import { pl } from "../../../src/frame/polars.ts";
import { records } from "../../../src/frame/records.ts";
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

test.each(["sep=;", "a;b", "a\tb", "a\rb", "#"])("a column called %j is no hint of another dialect", async (name) => {
  const { source, saver } = await openCsv();
  const frame = pl.DataFrame([pl.Series(name, ["x;y", "1\t2", "#", null, "a\rb"], pl.String)]);
  await saver.saveData(frame, "one");
  expect(await compareFrames(frame, await source.getData("one"))).toBeNull();
  const batches = await Array.fromAsync(source.getBatches("one"));
  expect(await compareFrames(frame, batches[0] ?? frame.head(0))).toBeNull();
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
  ["a NUL in a category", pl.Series("s", ["x", "a\0b"]).cast(pl.Categorical), /Row 2 .*column "s".*NUL/],
])("%s is refused before anything is written", async (_, series, message) => {
  const { context, saver } = await openCsv();
  const saved = saver.saveData(pl.DataFrame([series]), "x");
  await expect(saved).rejects.toMatchObject({ name: "FidelityError", code: "NOT_EXACT", storage: "csv" });
  await expect(saved).rejects.toThrow(message);
  expect(await readdir(join(context.root, "data")).catch(() => [])).toEqual([]);
});

test("a frame without columns comes back as that", async () => {
  const { saver, source } = await openCsv();
  await saver.saveData(pl.DataFrame({}), "x.csv.gz");
  expect(await compareFrames(await source.getData("x.csv.gz"), pl.DataFrame({}))).toBeNull();
});

test("types that CSV lacks are texts that other programs can read, and come back as they were", async () => {
  const { context, saver, source } = await openCsv();
  const columns = {
    'struct{"x": float64}': [{ x: 0.5 }, null],
    "list[int64]": [[2n ** 60n, null], []],
    "decimal(8, 2)": ["12.50", null],
    "duration[us]": [-1_500_000n, 0n],
    time: ["09:30:00", null],
    binary: [Uint8Array.of(0, 255), new Uint8Array()],
    categorical: ["a", ""],
    'enum["lo","hi"]': ["hi", null],
    null: [null, null],
  };
  const saved = frame(columns, Object.fromEntries(Object.keys(columns).map((type) => [type, `${type}?`])));
  await saver.saveData(saved, "x");
  const [, ...rows] = (await readFile(join(context.root, "data", "x.csv"), "utf8")).split("\n");
  expect(rows).toEqual([
    '"{""x"":0.5}","[1152921504606846976,null]",12.50,PT-1.5S,09:30:00.000000000,\\x00ff,a,hi,',
    ',[],,PT0S,,\\x,"",,',
    "",
  ]);
  expect(await compareFrames(await source.getData("x"), saved)).toBeNull();
});

test("texts of another program become declared types, or are refused with their row", async () => {
  const { context, source } = await openCsv();
  await mkdir(join(context.root, "data"), { recursive: true });
  await writeFile(join(context.root, "data", "x.csv"), 'id,tags,price\n1,"[""a""]",1.50\n2,,\n3,[1],2\n');
  const field = (name: string, type: string) => ({ name, type, nullable: true });
  const prices = await source.getData("x", { schema: { fields: [field("price", "decimal(5, 2)")] } });
  expect(records(prices).map(({ price }) => price)).toEqual(["1.50", null, "2.00"]);
  const tags = source.getData("x", { schema: { fields: [field("tags", "list[string]")] } });
  await expect(tags).rejects.toThrow('Row 3 of x.csv has "[1]" in column "tags", which is no list[string]');
});

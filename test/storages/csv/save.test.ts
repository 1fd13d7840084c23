import { mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { describe, expect, test, vi } from "vitest";
import { compareFrames } from "../../../src/frame/compare.ts";
import { frame as makeFrame } from "../../../src/frame/frame.ts";
import { type DataFrame, pl } from "../../../src/frame/polars.ts";
import { records } from "../../../src/frame/records.ts";
import { schemaOf } from "../../../src/frame/schema.ts";
import { CsvFiles } from "../../../src/storages/csv/files.ts";
import { CsvStorage } from "../../../src/storages/csv/index.ts";
import { freshContext } from "../place.ts";

async function openCsv(more?: Record<string, unknown>) {
  const context = await freshContext(more);
  const storage = new CsvStorage(context);
  const data = context.config.FS_DATA;
  return { context, data, source: storage.source(), saver: storage.saver(), backup: storage.backup() };
}

const ids = (values: (number | null)[]) => pl.Series("id", values, pl.Int32);
const texts = (name: string, values: (string | null)[]) => pl.Series(name, values, pl.String);
const two = () => pl.DataFrame([ids([1, 2]), texts("v", ["a", "01"])]);

test("x is short for x.csv, sub-folders work, and the list is sorted", async () => {
  const { source, saver } = await openCsv();
  for (const name of ["x", "b.tsv", "sub/deep/a.csv.gz", "c.csv.zst"]) await saver.saveData(two(), name);
  expect(await source.listSources()).toEqual(["b.tsv", "c.csv.zst", "sub/deep/a.csv.gz", "x.csv"]);
  for (const name of await source.listSources()) expect((await source.getData(name)).height).toBe(2);
  expect((await source.getData("x")).height).toBe(2);
});

test("what getData can't read is not listed", async () => {
  const { source, saver, data } = await openCsv();
  await saver.saveData(two(), "x");
  await mkdir(join(data, "arctic"));
  await mkdir(join(data, "sub.csv"));
  for (const name of ["arctic/a.csv", "readme.md", ".hidden.csv", ".x.csv.staging"])
    await writeFile(join(data, name), "a\n1\n");
  await symlink(join(data, "x.csv"), join(data, "link.csv"));
  await symlink("/", join(data, "root"));
  expect(await source.listSources()).toEqual(["x.csv"]);
});

test.each([
  "",
  "../x",
  "/etc/x",
  "a/../../x",
  ".millrace/x",
  "arctic/x",
  "backups/x",
  "Backups/x",
  "a\0b",
  ".x",
  "a/.b/c",
  "con",
])("the name %j is refused by both roles", async (name) => {
  const { source, saver, data } = await openCsv();
  await expect(saver.saveData(two(), name)).rejects.toMatchObject({ name: "InvalidNameError", storage: "csv" });
  await expect(source.getData(name)).rejects.toMatchObject({ name: "InvalidNameError" });
  expect(await readdir(data).catch(() => [])).toEqual([]);
});

test("a symbolic link leads nowhere, as a file and as a folder", async () => {
  const { context, source, saver, data } = await openCsv();
  const outside = join(context.root, "outside");
  await mkdir(outside);
  await mkdir(data);
  await writeFile(join(outside, "secret.csv"), "a\n1\n");
  await symlink(outside, join(data, "door"));
  await symlink(join(outside, "secret.csv"), join(data, "link.csv"));
  for (const name of ["door/secret", "door/new", "link"]) {
    await expect(source.getData(name)).rejects.toMatchObject({ name: "InvalidNameError" });
    await expect(saver.saveData(two(), name)).rejects.toMatchObject({ name: "InvalidNameError" });
    await expect(saver.deleteData(name)).rejects.toMatchObject({ name: "InvalidNameError" });
  }
  expect(await readdir(outside)).toEqual(["secret.csv"]);
  expect(await readFile(join(outside, "secret.csv"), "utf8")).toBe("a\n1\n");
});

test("a name that only looks different is a conflict", async () => {
  const { saver } = await openCsv();
  await saver.saveData(two(), "prices");
  await saver.saveData(two(), "caf\u00e9");
  await expect(saver.saveData(two(), "Prices")).rejects.toMatchObject({ name: "ConflictError", code: "NAME_CONFLICT" });
  await expect(saver.saveData(two(), "cafe\u0301")).rejects.toMatchObject({ name: "ConflictError" });
  expect(await saver.saveData(two(), "prices")).toBe(true);
});

test("append adds rows and columns; upsert replaces rows in place by key", async () => {
  const { source, saver } = await openCsv();
  await saver.saveData(two(), "x");
  await saver.saveData(pl.DataFrame([ids([3]), texts("w", ["n"])]), "x", { mode: "append" });
  const added = pl.DataFrame([ids([1, 2, 3]), texts("v", ["a", "01", null]), texts("w", [null, null, "n"])]);
  expect(await compareFrames(await source.getData("x"), added)).toBeNull();
  await saver.saveData(pl.DataFrame([ids([4, 2]), texts("v", ["d", "b"])]), "x", { mode: "upsert", key: ["id"] });
  const rows = (await source.getData("x", { columns: ["id", "v"] })).rows();
  expect(rows).toEqual([
    [1, "a"],
    [2, "b"],
    [3, null],
    [4, "d"],
  ]);
  expect((await source.describe("x")).key).toEqual(["id"]);
});

test("freeze refuses other columns and leaves the file as it was", async () => {
  const { source, saver } = await openCsv();
  await saver.saveData(two(), "x");
  const other = pl.DataFrame([ids([9])]);
  for (const mode of ["replace", "append"] as const) {
    await expect(saver.saveData(other, "x", { mode, schemaChange: "freeze" })).rejects.toMatchObject({
      name: "SchemaError",
    });
  }
  expect(await compareFrames(await source.getData("x"), two())).toBeNull();
});

test("a doubled or null key is refused and the file stays", async () => {
  const { source, saver } = await openCsv();
  await saver.saveData(two(), "x");
  for (const bad of [
    [1, 1],
    [1, null],
  ]) {
    const frame = pl.DataFrame([ids(bad), texts("v", ["x", "y"])]);
    await expect(saver.saveData(frame, "x", { mode: "upsert", key: ["id"] })).rejects.toMatchObject({
      code: "KEY_INVALID",
    });
  }
  expect(await compareFrames(await source.getData("x"), two())).toBeNull();
});

test("an option that csv lacks is refused, and so is upsert without a key", async () => {
  const { source, saver } = await openCsv();
  const unknown = { asOf: 3 } as object;
  await expect(source.getData("x", unknown)).rejects.toMatchObject({ code: "OPTION_UNSUPPORTED" });
  await expect(saver.saveData(two(), "x", unknown)).rejects.toMatchObject({ code: "OPTION_UNSUPPORTED" });
  await expect(saver.saveData(two(), "x", { backup: true } as object)).rejects.toMatchObject({ name: "ConfigError" });
  await expect(source.getData("x", { batchRows: 2 } as object)).rejects.toMatchObject({ name: "ConfigError" });
  await expect(saver.saveData(two(), "x", { mode: "upsert" } as object)).rejects.toMatchObject({ name: "ConfigError" });
});

test("what is no frame is refused", async () => {
  const { saver } = await openCsv();
  await expect(saver.saveData([{ a: 1 }] as never, "x")).rejects.toMatchObject({ name: "SchemaError" });
});

test("columns, limit and the kept time column narrow a read", async () => {
  const { source, saver } = await openCsv();
  const days = pl.DataFrame([
    ids([1, 2, 3]),
    pl.Series("d", [19_000, 19_001, null], pl.Int32),
    pl.Series("e", [1, 2, 3], pl.Int32),
  ]);
  const frame = days.select(pl.col("id"), pl.col("d").cast(pl.Date), pl.col("e").cast(pl.Date));
  await saver.saveData(frame, "x", { timeColumn: "d" });
  expect((await source.getData("x", { columns: ["e", "id"], limit: 1 })).columns).toEqual(["e", "id"]);
  const from = new Date(19_001 * 86_400_000);
  expect((await source.getData("x", { from })).getColumn("id").toArray()).toEqual([2]);
  expect((await source.getData("x", { to: from, columns: ["id"] })).rows()).toEqual([[1]]);
  expect((await source.describe("x")).timeColumn).toBe("d");
  await expect(source.getData("x", { columns: ["nope"] })).rejects.toMatchObject({ name: "SchemaError" });
});

test("a file that another program edits is read by its values, and the log says so", async () => {
  const { context, source, saver, data } = await openCsv();
  await saver.saveData(two(), "x");
  expect((await source.getData("x")).dtypes.map(String)).toEqual(two().dtypes.map(String));
  await writeFile(join(data, "x.csv"), "id,v\n1,a\n2,01\n3,c\n");
  expect((await source.getData("x")).rows()).toEqual([
    [1, "a"],
    [2, "01"],
    [3, "c"],
  ]);
  expect(context.lines.join("\n")).toMatch(/x\.csv was changed by another program/);
});

describe("a file of millrace's own that another program edits", () => {
  const types = {
    id: "uint16",
    price: "decimal(6, 2)",
    tags: "list[string]",
    zip: "string?",
    at: "datetime[ms, Europe/Berlin]",
  };
  const row = { id: 1, price: "1.50", tags: ["a"], zip: "12345", at: new Date(0) };

  test("keeps its types as long as every value fits them, and can be added to", async () => {
    const { context, source, saver, data } = await openCsv();
    await saver.saveData(makeFrame([row], types), "x");
    const path = join(data, "x.csv");
    await writeFile(path, (await readFile(path, "utf8")).replace("1.50", "9.99"));
    const edited = makeFrame([{ ...row, price: "9.99" }], types);
    expect(await compareFrames(await source.getData("x"), edited)).toBeNull();
    expect(context.lines.join("\n")).toMatch(/x\.csv was changed by another program.*still fit/);
    for await (const piece of source.getBatches("x")) expect(await compareFrames(piece, edited)).toBeNull();
    expect((await source.describe("x")).schema.fields.map(({ type }) => type)).toEqual(
      schemaOf(edited).fields.map(({ type }) => type),
    );
    await saver.saveData(makeFrame([row], types), "x", { mode: "append" });
    expect(
      await compareFrames(await source.getData("x"), makeFrame([{ ...row, price: "9.99" }, row], types)),
    ).toBeNull();
  });

  test("has the types that its values show once one no longer fits, in a read and in batches alike", async () => {
    const { context, source, saver, data } = await openCsv();
    await saver.saveData(makeFrame([row], types), "x");
    const path = join(data, "x.csv");
    await writeFile(path, (await readFile(path, "utf8")).replace("1.50", "9.999"));
    const found = ["int64", "float64", "string", "int64", "datetime[ms, UTC]"];
    const shown = (df: DataFrame) => schemaOf(df).fields.map(({ type }) => type);
    expect(shown(await source.getData("x"))).toEqual(found);
    expect(shown(await source.getData("x", { limit: 0 }))).toEqual(found);
    for await (const piece of source.getBatches("x")) expect(shown(piece)).toEqual(found);
    expect(context.lines.join("\n")).toMatch(/x\.csv was changed by another program.*no longer fits/);
  });
});

test("rows are not added to another program's file that would have to change its separator", async () => {
  const { source, saver, data } = await openCsv();
  await mkdir(data, { recursive: true });
  await writeFile(join(data, "x.csv"), "id;v\n1;a\n");
  for (const mode of ["append", "upsert"] as const) {
    const saved = saver.saveData(two(), "x", { mode, key: ["id"] });
    await expect(saved).rejects.toMatchObject({ name: "ConflictError", code: "NAME_CONFLICT" });
  }
  expect(await readFile(join(data, "x.csv"), "utf8")).toBe("id;v\n1;a\n");
  await saver.saveData(two(), "x");
  expect(await compareFrames(await source.getData("x"), two())).toBeNull();
});

test("a declared type is looked at anew, even in a file of millrace's own", async () => {
  const { source, saver } = await openCsv();
  const ticks = pl.DataFrame([texts("t", ["1001", "2000"]), texts("n", ["1", "x"])]);
  await saver.saveData(ticks.select(pl.col("t").cast(pl.Int64).cast(pl.Datetime("us")), pl.col("n")), "x");
  const declared = (name: string, type: string) => ({ schema: { fields: [{ name, type, nullable: true }] } });
  await expect(source.getData("x", declared("t", "datetime[ms]"))).rejects.toThrow(/Row 1 .*column "t"/);
  await expect(source.getData("x", declared("n", "int64"))).rejects.toThrow(/Row 2 .*column "n"/);
  const read = await source.getData("x", declared("t", "string"));
  expect(read.getColumn("t").toArray()).toEqual(["1970-01-01T00:00:00.001001", "1970-01-01T00:00:00.002000"]);
});

test("an edit that keeps size and time is noticed", async () => {
  const { source, saver, data } = await openCsv();
  await saver.saveData(two(), "x");
  const path = join(data, "x.csv");
  const { atime, mtime } = await stat(path);
  await writeFile(path, (await readFile(path, "utf8")).replace("a", "b"));
  await utimes(path, atime, mtime);
  expect((await source.getData("x")).rows()[0]).toEqual([1, "b"]);
});

test("only the schema of the file that stands there is kept", async () => {
  const { source, saver, data } = await openCsv();
  await saver.saveData(two(), "x");
  await saver.saveData(two().head(1), "x");
  expect(await readdir(join(data, ".millrace", "csv", "x.csv"))).toHaveLength(1);
  expect(await saver.deleteData("x")).toBe(true);
  expect(await saver.deleteData("x")).toBe(false);
  expect(await readdir(join(data, ".millrace", "csv"))).toEqual([]);
  await expect(source.getData("x")).rejects.toMatchObject({ name: "NotFoundError" });
});

test("a crash after the schema and before the rename leaves the old frame with its own types", async () => {
  const { context, source, saver } = await openCsv();
  await saver.saveData(two(), "x");
  const files = new CsvFiles(context);
  await files.kept.put("x.csv", { bytes: 1, sha256: "0".repeat(64) }, { rows: 0, schema: { fields: [] } });
  expect(await compareFrames(await source.getData("x"), two())).toBeNull();
});

test("a name that another writer holds is a conflict after the wait", async () => {
  const { context, saver } = await openCsv({ LOCK_TIMEOUT: 50 });
  const files = new CsvFiles(context);
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: held, resolve: hold } = Promise.withResolvers<void>();
  const holding = files.exclusive("x.csv", () => {
    hold();
    return released;
  });
  await held;
  const saved = saver.saveData(two(), "x");
  await expect(saved).rejects.toMatchObject({ name: "ConflictError", code: "LOCKED", retryable: true });
  release();
  await holding;
  expect(await saver.saveData(two(), "x")).toBe(true);
});

test("writers of one name take turns, and none is lost", async () => {
  const { source, saver } = await openCsv();
  await saver.saveData(pl.DataFrame([ids([0])]), "x");
  const all = Array.from({ length: 12 }, (_, i) =>
    saver.saveData(pl.DataFrame([ids([i + 1])]), "x", { mode: "append" }),
  );
  await Promise.all(all);
  const found = (await source.getData("x"))
    .getColumn("id")
    .toArray()
    .map(Number)
    .sort((a, b) => a - b);
  expect(found).toEqual(Array.from({ length: 13 }, (_, i) => i));
});

test("an abort before the save leaves things as they were", async () => {
  const { source, saver, data } = await openCsv();
  await saver.saveData(two(), "x");
  const reason = new Error("enough");
  await expect(saver.saveData(two().head(1), "x", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  await expect(source.getData("x", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect((await source.getData("x")).height).toBe(2);
  expect((await readdir(data)).filter((name) => name.includes("staging"))).toEqual([]);
});

test("batches are saved as one frame, and read in pieces", async () => {
  const { source, saver } = await openCsv();
  async function* batches() {
    yield two();
    yield two().head(0);
    yield two().head(1);
  }
  const onProgress = vi.fn();
  expect(await saver.saveBatches(batches(), "x", { onProgress })).toBe(true);
  expect((await source.getData("x")).rows()).toEqual([
    [1, "a"],
    [2, "01"],
    [1, "a"],
  ]);
  expect(onProgress).toHaveBeenLastCalledWith({ rows: 3 });
  const heights: number[] = [];
  for await (const batch of source.getBatches("x", { batchRows: 2 })) heights.push(batch.height);
  expect(heights).toEqual([2, 1]);
});

test("batches that fail half-way, differ, or are none save nothing", async () => {
  const { source, saver } = await openCsv();
  await saver.saveData(two(), "x");
  async function* failing() {
    yield two();
    throw new Error("the source broke");
  }
  async function* differing() {
    yield two();
    yield pl.DataFrame([ids([1])]);
  }
  async function* none() {}
  await expect(saver.saveBatches(failing(), "x")).rejects.toThrow("the source broke");
  await expect(saver.saveBatches(differing(), "x")).rejects.toMatchObject({ name: "SchemaError" });
  await expect(saver.saveBatches(none(), "x")).rejects.toMatchObject({ name: "SchemaError" });
  expect(await compareFrames(await source.getData("x"), two())).toBeNull();
  const schema = { fields: [{ name: "id", type: "int32", nullable: true }] };
  await saver.saveBatches(none(), "y", { schema });
  expect((await source.getData("y")).columns).toEqual(["id"]);
});

test("backups hold the exact bytes and bring the frame back, types included", async () => {
  const { source, saver, backup, data } = await openCsv();
  expect(await backup.backupData("x")).toEqual([false, null]);
  await saver.saveWithBackup(two(), "x");
  const before = await readFile(join(data, "x.csv"));
  await saver.saveWithBackup(two().head(1), "x");
  const [record] = await backup.listBackups("x");
  if (!record) throw new Error("no backup");
  expect(record.files.map(({ name }) => name)).toEqual(["data.csv.zst"]);
  expect(zstdDecompressSync(await readFile(join(record.location, "data.csv.zst")))).toEqual(before);
  expect(await backup.verifyBackup(record.location)).toBe(true);
  expect(await backup.proveBackup(record.location)).toBe(true);
  expect(await source.listSources()).toEqual(["x.csv"]);
  await backup.restoreData(record.location);
  expect(await compareFrames(await source.getData("x"), two())).toBeNull();
  await backup.restoreData(record.location, "other.tsv");
  expect(await compareFrames(await source.getData("other.tsv"), two())).toBeNull();
});

test("a file of another program is backed up and restored byte by byte", async () => {
  const { source, backup, data } = await openCsv();
  await mkdir(data);
  await writeFile(join(data, "x.csv"), 'a;b\r\n\r\n1;"x"\r\n');
  const [done, location] = await backup.backupData("x");
  expect(done).toBe(true);
  await writeFile(join(data, "x.csv"), "gone\n");
  await backup.restoreData(location ?? "");
  expect(await readFile(join(data, "x.csv"), "utf8")).toBe('a;b\r\n\r\n1;"x"\r\n');
  expect((await source.getData("x")).rows()).toEqual([[1, "x"]]);
  expect(await backup.proveBackup(location ?? "")).toBe(true);
});

test("when the backup fails nothing is saved", async () => {
  const { context, saver, data } = await openCsv();
  await saver.saveData(two(), "x");
  await writeFile(join(context.root, "data", "backups"), "a file in the way");
  await expect(saver.saveWithBackup(two().head(1), "x")).rejects.toThrow(/backups/);
  expect(await readFile(join(data, "x.csv"), "utf8")).toBe("id,v\n1,a\n2,01\n");
});

test("healthCheck is true before the folder is made, and false where a file stands in its place", async () => {
  const good = await openCsv();
  expect(await good.source.healthCheck()).toBe(true);
  expect(await good.source.listSources()).toEqual([]);
  const bad = await openCsv();
  await writeFile(bad.data, "");
  expect(await bad.saver.healthCheck()).toBe(false);
  expect(await bad.backup.healthCheck()).toBe(false);
});

test("formulas become plain texts when that is asked for, in every mode, and are exact otherwise", async () => {
  const { saver, source } = await openCsv();
  const values = ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "\t=1", "\r=1", "a=1", "'=1", "", null];
  const frame = makeFrame({ "a*": values, n: values.map((_, at) => -at) }, { "a*": "string?", n: "int32" });
  const read = async () => records(await source.getData("f")).map((row) => row["a*"]);
  await saver.saveData(frame, "f");
  expect(await read()).toEqual(values);
  const escaped = ["'=cmd|' /C calc'!A0", "'+1", "'-1", "'@x", "'\t=1", "'\r=1", "a=1", "'=1", "", null];
  await saver.saveWithBackup(frame, "f", { escapeFormulas: true });
  expect(await read()).toEqual(escaped);
  await saver.saveData(frame, "f", { mode: "append", escapeFormulas: true });
  expect(await read()).toEqual([...escaped, ...escaped]);
  const wrong = saver.saveData(frame, "f", JSON.parse('{ "escapeFormulas": "yes" }'));
  await expect(wrong).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});

import { readdir, readFile, stat, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openBackupStore } from "../../../src/backups/store.ts";
import { compareFrames } from "../../../src/frame/compare.ts";
import { frame as makeFrame } from "../../../src/frame/frame.ts";
import { pl } from "../../../src/frame/polars.ts";
import { schemaOf } from "../../../src/frame/schema.ts";
import { TempFiles } from "../../../src/storages/temp/files.ts";
import { TempStorage } from "../../../src/storages/temp/index.ts";
import { startChild } from "../../../src/system/child.ts";
import { frames } from "../hostile.ts";
import { freshContext } from "../place.ts";

async function openTemp(more?: Record<string, unknown>) {
  const context = await freshContext(more);
  const storage = new TempStorage(context);
  return { context, storage, root: context.config.FS_TEMP, source: storage.source(), saver: storage.saver() };
}

const two = () => pl.DataFrame([pl.Series("id", [1, 2], pl.Int32), pl.Series("v", ["a", null], pl.String)]);

test("frames of any columns under any names come back exactly", async () => {
  const { source, saver } = await openTemp();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      frames().filter((frame) => !frame.columns.includes("")),
      async (frame) => {
        run += 1;
        await saver.saveData(frame, `x${run}`);
        const back = await source.getData(`x${run}`);
        expect(schemaOf(back)).toEqual(schemaOf(frame));
        expect(await compareFrames(frame, back)).toBeNull();
      },
    ),
    { numRuns: 40, seed: 5 },
  );
}, 60_000);

test("a column without a name, which Arrow files can't hold, is refused", async () => {
  const { source, saver } = await openTemp();
  const frame = two();
  frame.columns = ["id", ""];
  await expect(saver.saveData(frame, "x")).rejects.toMatchObject({
    name: "FidelityError",
    storage: "temp",
    frame: "x",
  });
  expect(await source.listSources()).toEqual([]);
});

test("lists, decimals and structs come back too", async () => {
  const { source, saver } = await openTemp();
  const schema = { l: "list[int64]?", d: "decimal(12, 2)?", s: 'struct{"a": string}?' };
  const frame = makeFrame(
    [
      { l: [1n, null], d: "1.50", s: { a: "x" } },
      { l: null, d: null, s: null },
    ],
    schema,
  );
  await saver.saveData(frame, "x");
  const back = await source.getData("x");
  expect(schemaOf(back)).toEqual(schemaOf(frame));
  expect(back.toString()).toBe(frame.toString());
});

test("names are kept as they are, listed sorted, and refused where they lead out", async () => {
  const { source, saver } = await openTemp();
  for (const name of ["b", "a b", "x.csv", "Ümläut", "日".repeat(60)]) await saver.saveData(two(), name);
  expect(await source.listSources()).toEqual(["a b", "b", "x.csv", "Ümläut", "日".repeat(60)]);
  for (const name of await source.listSources()) expect((await source.getData(name)).height).toBe(2);
  for (const name of ["", "../x", "/x", "a/b", ".x", "a\0b", "x".repeat(201)]) {
    await expect(saver.saveData(two(), name)).rejects.toMatchObject({ name: "InvalidNameError", storage: "temp" });
    await expect(source.getData(name)).rejects.toMatchObject({ name: "InvalidNameError" });
  }
  await expect(saver.saveData(two(), "B")).rejects.toMatchObject({ code: "NAME_CONFLICT" });
});

test("a name that is not there is told with the nearest one", async () => {
  const { source, saver } = await openTemp();
  await saver.saveData(two(), "screener");
  await expect(source.getData("screaner")).rejects.toThrow(/Did you mean "screener"/);
  await expect(source.getData("screaner")).rejects.toMatchObject({ name: "NotFoundError", frame: "screaner" });
});

test("append, upsert and what is kept with the frame", async () => {
  const { source, saver, root } = await openTemp();
  await saver.saveData(two(), "x", { key: ["id"] });
  await saver.saveData(pl.DataFrame([pl.Series("id", [3], pl.Int32)]), "x", { mode: "append" });
  expect((await source.getData("x")).rows()).toEqual([
    [1, "a"],
    [2, null],
    [3, null],
  ]);
  expect((await source.describe("x")).key).toEqual(["id"]);
  const next = pl.DataFrame([pl.Series("id", [2, 4], pl.Int32), pl.Series("v", ["b", "d"])]);
  await saver.saveData(next, "x", { mode: "upsert", key: ["id"] });
  expect((await source.getData("x")).rows()).toEqual([
    [1, "a"],
    [2, "b"],
    [3, null],
    [4, "d"],
  ]);
  expect((await readdir(root)).filter((name) => name.endsWith(".note"))).toHaveLength(1);
  await saver.saveData(two(), "x");
  expect((await source.describe("x")).key).toBeUndefined();
  expect((await readdir(root)).filter((name) => name.endsWith(".note"))).toHaveLength(1);
  expect(await saver.deleteData("x")).toBe(true);
  expect((await readdir(root)).filter((name) => name !== ".locks")).toEqual([]);
});

test("columns, limit and the kept time column narrow a read", async () => {
  const { source, saver } = await openTemp();
  const frame = pl.DataFrame([
    pl.Series("id", [1, 2], pl.Int32),
    pl.Series("d", [10, 11], pl.Int32),
    pl.Series("e", [1, 1], pl.Int32),
  ]);
  const dated = frame.select(pl.col("id"), pl.col("d").cast(pl.Date), pl.col("e").cast(pl.Date));
  await saver.saveData(dated, "x", { timeColumn: "d" });
  expect((await source.getData("x", { from: "1970-01-12", columns: ["id"] })).rows()).toEqual([[2]]);
  expect((await source.getData("x", { limit: 1, columns: ["e", "id"] })).columns).toEqual(["e", "id"]);
  await expect(source.getData("x", { asOf: 1 } as object)).rejects.toMatchObject({ code: "OPTION_UNSUPPORTED" });
});

test("old frames are removed, and neither young ones nor one that is being written", async () => {
  const { context, saver, root } = await openTemp({ TEMP_MAX_AGE: "1h" });
  for (const name of ["old", "young", "busy"]) await saver.saveData(two(), name, { key: ["id"] });
  const past = new Date(Date.now() - 2 * 3_600_000);
  for (const name of ["old", "busy"]) await utimes(join(root, `${name}.arrow`), past, past);
  await new TempFiles(context).exclusive("busy", () => sweepAgain(context, root));
  expect((await readdir(root)).filter((name) => name.endsWith(".arrow"))).toEqual(["busy.arrow", "young.arrow"]);
  expect(context.lines.join("\n")).toMatch(/Removed old/);
});

/** A process of its own looks for old frames when it first uses the folder. */
async function sweepAgain(context: { lines: string[] }, root: string): Promise<void> {
  const program = `
    const { settings } = await import(${JSON.stringify(source("config/settings.ts"))});
    const { TempStorage } = await import(${JSON.stringify(source("storages/temp/index.ts"))});
    const log = (...parts) => console.log(parts.at(-1));
    const config = settings.parse({ FS_DATA: process.argv[1] + "/../data", FS_TEMP: process.argv[1], TEMP_MAX_AGE: "1h" });
    await new TempStorage({ config, logger: { debug: log, info: log, warn: log, error: log } }).source().listSources();
  `;
  const args = ["--input-type=module", "-e", program, root];
  const child = await startChild({ name: "sweeper", command: process.execPath, args });
  child.stdout?.on("data", (text: Buffer) => context.lines.push(text.toString()));
  expect(await child.exited).toEqual({ code: 0, signal: null });
}

function source(path: string): string {
  return new URL(`../../../src/${path}`, import.meta.url).href;
}

test.each([
  ["cut short", (path: string) => truncate(path, 200)],
  ["no Arrow file", (path: string) => writeFile(path, "a,b\n1,2\n")],
  ["empty", (path: string) => truncate(path, 0)],
])("a file that is %s is a CorruptDataError", async (_, damage) => {
  const { source, saver, root } = await openTemp();
  await saver.saveData(two(), "x");
  await damage(join(root, "x.arrow"));
  await expect(source.getData("x")).rejects.toMatchObject({ name: "CorruptDataError", storage: "temp", frame: "x" });
});

test("an old file that millrace did not write is never removed", async () => {
  const { context, source, saver, root } = await openTemp();
  await saver.saveData(two(), "mine");
  await writeFile(join(root, "theirs.arrow"), await readFile(join(root, "mine.arrow")));
  const past = new Date(Date.now() - 30 * 86_400_000);
  for (const name of ["mine", "theirs"]) await utimes(join(root, `${name}.arrow`), past, past);
  await sweepAgain(context, root);
  expect(await source.listSources()).toEqual(["theirs"]);
});

test("services with different FS_DATA take turns in one FS_TEMP", async () => {
  const first = await openTemp();
  const second = await openTemp({ FS_TEMP: first.root });
  const row = (id: number) => pl.DataFrame([pl.Series("id", [id], pl.Int32)]);
  const savers = [first.saver, second.saver];
  const saves = Array.from({ length: 16 }, (_, id) => savers[id % 2]?.saveData(row(id), "shared", { mode: "append" }));
  await Promise.all(saves);
  expect((await second.source.getData("shared")).height).toBe(16);
});

test("a file of which the disk lost a byte is a CorruptDataError", async () => {
  const { source, saver, root } = await openTemp();
  await saver.saveData(two(), "x");
  const path = join(root, "x.arrow");
  const { atime, mtime } = await stat(path);
  const bytes = await readFile(path);
  bytes[200] = (bytes[200] ?? 0) ^ 1;
  await writeFile(path, bytes);
  await utimes(path, atime, mtime);
  await saver.saveData(two(), "y");
  await expect(source.getData("x")).rejects.toMatchObject({ name: "CorruptDataError", frame: "x" });
});

test("a symbolic link is no frame", async () => {
  const { context, source, saver, root } = await openTemp();
  await saver.saveData(two(), "x");
  const outside = join(context.root, "outside.arrow");
  await writeFile(outside, await readFile(join(root, "x.arrow")));
  await symlink(outside, join(root, "link.arrow"));
  expect(await source.listSources()).toEqual(["x"]);
  await expect(source.getData("link")).rejects.toMatchObject({ name: "InvalidNameError" });
});

test("saveWithBackup keeps one backup of a name, and the storage has no backup role", async () => {
  const { context, storage, saver } = await openTemp();
  for (let i = 0; i < 3; i += 1) await saver.saveWithBackup(two(), "x");
  const kept = await openBackupStore(context, "temp", saver.storageId).list();
  expect(kept.map(({ source, rows }) => [source, rows])).toEqual([["x", 2]]);
  expect("backup" in storage).toBe(false);
});

test("batches are saved as one frame, and read in pieces", async () => {
  const { source, saver } = await openTemp();
  async function* batches() {
    yield two();
    yield two();
  }
  await saver.saveBatches(batches(), "x");
  const heights: number[] = [];
  for await (const batch of source.getBatches("x", { batchRows: 3 })) heights.push(batch.height);
  expect(heights).toEqual([3, 1]);
});

test("all pieces are of the frame that stood there at first, also when another takes its place meanwhile", async () => {
  const { source, saver } = await openTemp();
  const numbers = (first: number, rows: number) =>
    makeFrame({ id: Array.from({ length: rows }, (_, row) => first + row) }, { id: "int32" });
  await saver.saveData(numbers(0, 1_000), "x");
  const pieces = [];
  for await (const piece of source.getBatches("x", { batchRows: 300, limit: 950 })) {
    await saver.saveData(numbers(5_000, 10), "x");
    pieces.push(piece);
  }
  expect(pieces.map(({ height }) => height)).toEqual([300, 300, 300, 50]);
  expect(await compareFrames(pl.concat(pieces), numbers(0, 950))).toBeNull();
  expect(await compareFrames(await source.getData("x"), numbers(5_000, 10))).toBeNull();
});

test("pieces hold what the options ask for, and one is empty when that is nothing", async () => {
  const { source, saver } = await openTemp();
  const days = Array.from({ length: 20 }, (_, day) => `2024-01-${String(day + 1).padStart(2, "0")}`);
  await saver.saveData(makeFrame({ day: days, n: days.map((_, n) => n) }, { day: "date", n: "int32" }), "x");
  const read = async (from: string) => {
    const pieces = [];
    for await (const piece of source.getBatches("x", { batchRows: 6, from, columns: ["n"] })) pieces.push(piece);
    return pieces.map((piece) => piece.getColumn("n").toArray());
  };
  expect(await read("2024-01-17")).toEqual([
    [16, 17],
    [18, 19],
  ]);
  expect(await read("2025-01-01")).toEqual([[]]);
});

test("deleteData tells whether there was something", async () => {
  const { source, saver, root } = await openTemp();
  await saver.saveData(two(), "x", { key: ["id"] });
  expect([await saver.deleteData("x"), await saver.deleteData("x")]).toEqual([true, false]);
  expect(await source.listSources()).toEqual([]);
  expect((await readdir(root)).filter((name) => name !== ".locks")).toEqual([]);
});

test("a save that is killed at any moment leaves one of the two frames, with what is kept of it", async () => {
  const { context, source } = await openTemp();
  const program = join(import.meta.dirname, "..", "saving-child.ts");
  for (const wait of [0, 5, 11]) {
    const args = [program, "temp", context.root, "20000", "1000"];
    const child = await startChild({ name: "saver", command: process.execPath, args });
    for await (const _ of child.stdout ?? []) break;
    await new Promise((resolve) => setTimeout(resolve, wait));
    process.kill(child.pid, "SIGKILL");
    await child.exited;
    const frame = await source.getData("x");
    const kind = String(frame.getColumn("v").toArray()[0]).slice(0, 1);
    expect(frame.height).toBe(20_000);
    expect(frame.dtypes[0]?.variant).toBe(kind === "0" ? "Int32" : "Int64");
    expect((await source.describe("x")).key).toEqual([kind === "0" ? "id" : "v"]);
  }
}, 60_000);

test("a file of another program that would end the process over its time zone is a CorruptDataError", async () => {
  const { source, saver, root } = await openTemp();
  await saver.saveData(makeFrame({ t: [new Date(0)] }, { t: "datetime[ms, Europe/Berlin]" }), "own");
  const bytes = await readFile(join(root, "own.arrow"));
  await writeFile(join(root, "other.arrow"), bytes);
  expect((await source.getData("other")).height).toBe(1);
  await writeFile(join(root, "other.arrow"), bytes.toString("latin1").replaceAll("Europe", "Eurnpe"), "latin1");
  await expect(source.getData("other")).rejects.toMatchObject({ code: "DATA_CORRUPT", frame: "other" });
});

test("what writers left that were killed while they placed a note is removed by the next save", async () => {
  const { saver, root } = await openTemp();
  await saver.saveData(two(), "x");
  const [note = ""] = (await readdir(root)).filter((file) => file.endsWith(".note"));
  await writeFile(join(root, `.${note.replace(/\d+-\d+-\d+/, "1-2-3")}.staging`), "{");
  await saver.saveData(two(), "x");
  expect((await readdir(root)).filter((file) => file.includes("note"))).toEqual([expect.stringMatching(/^\.[^.]/)]);
});

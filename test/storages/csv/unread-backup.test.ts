import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { pl } from "../../../src/frame/polars.ts";
import { CsvFiles } from "../../../src/storages/csv/files.ts";
import { CsvBackup, CsvStorage } from "../../../src/storages/csv/index.ts";
import { freshContext } from "../place.ts";

const unread: [string, string, Buffer, RegExp][] = [
  ["in Windows-1252", "x.csv", Buffer.from("a,b\ncaf\xe9,1\n", "latin1"), /not UTF-8/],
  ["with ragged rows", "x.csv", Buffer.from("a,b\n1\n1,2,3\n"), /line 2 has 1 field/],
  ["with comments", "x.tsv", Buffer.from("# exported\na\tb\n1\t2\n"), /line 2 has 2 fields/],
  ["with a column twice", "x.csv", Buffer.from("a,a\n1,2\n"), /"a" twice/],
  ["that is cut short", "x.csv.gz", gzipSync("a,b\n1,2\n".repeat(100)).subarray(0, 30), /no whole gzip/],
  ["of nothing", "x.csv", Buffer.alloc(0), /is empty/],
];

async function openWith(name: string, content: Buffer) {
  const context = await freshContext();
  const path = join(context.config.FS_DATA, name);
  const storage = new CsvStorage(context);
  await storage.saver().saveData(pl.DataFrame({ a: [1] }), "other");
  await writeFile(path, content);
  return { path, context, backup: storage.backup(), saver: storage.saver(), source: storage.source() };
}

test.each(unread)("a file %s is backed up as bytes, and comes back as them", async (_, name, content, why) => {
  const { path, context, backup, source } = await openWith(name, content);
  const [done, location] = await backup.backupData(name);
  expect(done).toBe(true);
  const [record] = await backup.listBackups(name);
  expect(record).toMatchObject({ rows: 0, schema: { fields: [] } });
  expect(record).toMatchObject({ extra: { kept: false, unread: expect.stringMatching(why) } });
  expect(context.lines.join("\n")).toMatch(/backed up as bytes only/);
  expect(await backup.verifyBackup(location ?? "")).toBe(true);
  expect(await backup.proveBackup(location ?? "")).toBe(true);
  expect((await source.listSources()).sort()).toEqual(["other.csv", name]);
  await writeFile(path, "gone");
  await backup.restoreData(location ?? "");
  expect(await readFile(path)).toEqual(content);
});

test("a save with backup over a file that can't be read keeps its bytes", async () => {
  const content = Buffer.from("a,b\ncaf\xe9,1\n", "latin1");
  const { path, backup, saver } = await openWith("x.csv", content);
  await saver.saveWithBackup(pl.DataFrame({ a: [1] }), "x");
  const [record] = await backup.listBackups("x");
  await backup.restoreData(record?.location ?? "");
  expect(await readFile(path)).toEqual(content);
});

test("all files are backed up, one that can't be read among them", async () => {
  const { backup } = await openWith("x.csv", Buffer.from("a,b\n1\n"));
  expect((await backup.backupAll()).map(([source]) => source).sort()).toEqual(["other.csv", "x.csv"]);
});

/** Puts other bytes in place than the backup has. */
class Altering extends CsvBackup {
  readonly folder: string;

  constructor(context: Awaited<ReturnType<typeof freshContext>>) {
    super(context, new CsvFiles(context));
    this.folder = context.config.FS_DATA;
  }

  protected override async restore(_: string, __: object, scratch: string): Promise<void> {
    await writeFile(join(this.folder, scratch), "a,b\n2\n");
  }
}

test("a proof finds bytes that come back as others", async () => {
  const { context, backup } = await openWith("x.csv", Buffer.from("a,b\n1\n"));
  const [, location] = await backup.backupData("x");
  expect(await new Altering(context).proveBackup(location ?? "")).toBe(false);
});

test("a backup of bytes goes back under another name of the same ending, and under no other ending", async () => {
  const content = Buffer.from("a,b\n1\n");
  const { path, backup } = await openWith("x.csv", content);
  const [, location] = await backup.backupData("x");
  await backup.restoreData(location ?? "", "y");
  expect(await readFile(join(path, "..", "y.csv"))).toEqual(content);
  await expect(backup.restoreData(location ?? "", "y.tsv")).rejects.toMatchObject({ name: "CorruptDataError" });
});

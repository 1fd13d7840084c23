/**
 * Makes a backup of `goldenFrame` by each storage, as this version of millrace writes it, in test/backups/golden/<word>/:
 * `node test/backups/golden/make.ts v2`. What stands there is never made again: later versions have to read it.
 */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manifestName, manifestText, parseManifest } from "../../../src/backups/manifest.ts";
import { parseConfig } from "../../../src/config/load.ts";
import { ArcticStorage } from "../../../src/storages/arctic/index.ts";
import { CsvStorage } from "../../../src/storages/csv/index.ts";
import { PostgresStorage } from "../../../src/storages/postgres/index.ts";
import { goldenFrame } from "./frame.ts";

const [word = "", ...only] = process.argv.slice(2);
const target = join(import.meta.dirname, word);
if (!/^v\d+$/.test(word)) throw new Error("Say a version: v2");

const folder = await mkdtemp(join(tmpdir(), "millrace-golden-"));
const config = parseConfig({ FS_DATA: join(folder, "data"), FS_TEMP: join(folder, "temp"), DB_EMBEDDED: "always" });
const context = { config, logger: console };
const [postgres, arctic] = [new PostgresStorage(context), new ArcticStorage(context)];
try {
  for (const storage of [new CsvStorage(context), postgres, arctic]) {
    if (only.length > 0 && !only.includes(storage.type)) continue;
    await storage.saver().saveData(goldenFrame(), "prices", { key: ["id"], timeColumn: "ts" });
    const [, location] = await storage.backup().backupData("prices");
    if (location === null) throw new Error(`${storage.type} made no backup.`);
    if ((await readdir(target).catch((): string[] => [])).includes(storage.type))
      throw new Error(`${word}/${storage.type} is there already.`);
    await mkdir(target, { recursive: true });
    await cp(location, join(target, storage.type), { recursive: true });
    await forgetMachine(join(target, storage.type));
  }
} finally {
  for (const storage of [postgres, arctic]) {
    await storage.close();
    await storage.stopHelpers({ force: true });
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** Neither host nor time of the making belong into the repository. */
async function forgetMachine(location: string): Promise<void> {
  const path = join(location, manifestName);
  const manifest = parseManifest(await readFile(path, "utf8"), location);
  const { place: _, ...plain } = manifest;
  await writeFile(path, manifestText({ ...plain, by: "golden", created: "2026-01-31T12:00:00.000Z" }));
}

import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openS3 } from "../../src/backups/s3-client.ts";
import { openBackupStore } from "../../src/backups/store.ts";
import { parseConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/settings.ts";
import { compareFrames } from "../../src/frame/compare.ts";
import { frame } from "../../src/frame/frame.ts";
import { CsvStorage } from "../../src/storages/csv/index.ts";
import { type S3Server, startS3 } from "../storages/arctic/s3.ts";
import { testFolder } from "../system/folder.ts";
import { listeningLogger } from "./logger.ts";

let server: S3Server;
beforeAll(async () => {
  server = await startS3();
});
afterAll(() => server[Symbol.asyncDispose]());

async function open(more: Record<string, unknown> = {}) {
  const root = await testFolder();
  const config: Config = parseConfig({
    ...{ FS_DATA: join(root, "data"), FS_TEMP: join(root, "temp"), FS_BACKUP: "s3://frames/kept/backups" },
    ...{ BACKUP_S3_ENDPOINT: `http://${server.settings.ARCTIC_HOST}`, BACKUP_S3_ACCESS_KEY: "test-access-key" },
    ...{ BACKUP_S3_SECRET_KEY: "test-secret-key", ...more },
  });
  const logger = listeningLogger();
  const storage = new CsvStorage({ config, logger });
  return { config, logger, root, storage, backup: storage.backup(), saver: storage.saver(), source: storage.source() };
}

const numbers = (...a: number[]) => frame({ a }, { a: "int32" });

describe("backups in a bucket", () => {
  it("are made, listed, verified, proven, restored and pruned as those on a disk", async () => {
    const { backup, saver, source } = await open();
    expect(await backup.healthCheck()).toBe(true);
    for (const value of [1, 2, 3]) await saver.saveWithBackup(numbers(value), "sub/x");
    const [newest, oldest, ...more] = await backup.listBackups("sub/x");
    expect([newest?.rows, newest?.sequence, oldest?.sequence, more.length]).toEqual([1, 2, 1, 0]);
    expect(newest?.location).toMatch(/^s3:\/\/frames\/kept\/backups\/csv\/[^/]+@[0-9a-f]{16}\/[^/]+\/000002-/);
    const location = newest?.location ?? "";
    expect(await backup.verifyBackup(location)).toBe(true);
    expect(await backup.proveBackup(location)).toBe(true);
    expect((await backup.listBackups("sub/x"))[0]?.proven).toBeInstanceOf(Date);
    await backup.restoreData(oldest?.location ?? "", "y");
    expect(await compareFrames(await source.getData("y"), numbers(1))).toBeNull();
    expect(await backup.pruneBackups({ keepLast: 1 })).toMatchObject([{ sequence: 1 }]);
    expect(await backup.listBackups()).toMatchObject([{ sequence: 2 }]);
    await expect(backup.verifyBackup(oldest?.location ?? "")).rejects.toMatchObject({ code: "BACKUP_NOT_FOUND" });
    for (const elsewhere of ["s3://other/csv/x", `${location}/../..`, "/etc/passwd", "csv"]) {
      await expect(backup.restoreData(elsewhere)).rejects.toMatchObject({ code: "BACKUP_NOT_FOUND" });
    }
  });

  it("are uploaded in parts when they are large", async () => {
    const { config, logger } = await open();
    const store = openBackupStore({ config, logger }, "csv", "csv:large");
    const bytes = randomBytes(40 << 20);
    const location = await store.create("x", {
      ...{ schema: { fields: [] }, rows: 0 },
      write: (folder) => writeFile(join(folder, "data.csv"), bytes),
    });
    expect(await store.verify(location)).toBe(true);
    await using opened = await store.open(location);
    expect((await readFile(join(opened.folder, "data.csv"))).equals(bytes)).toBe(true);
  });

  it("are told to be damaged, and not listed without a manifest", async () => {
    const { backup, saver, config } = await open();
    await saver.saveData(numbers(1), "z");
    const [, location] = await backup.backupData("z");
    const { s3, client } = await openS3(config);
    const at = (file: string) => ({ Bucket: "frames", Key: `${location?.slice("s3://frames/".length)}/${file}` });
    await client.send(new s3.PutObjectCommand({ ...at("data.csv.zst"), Body: "other" }));
    expect(await backup.verifyBackup(location ?? "")).toBe(false);
    await expect(backup.restoreData(location ?? "", "w")).rejects.toMatchObject({ code: "BACKUP_CORRUPT" });
    await client.send(new s3.DeleteObjectCommand(at("manifest.json")));
    expect(await backup.listBackups("z")).toEqual([]);
    const [, next] = await backup.backupData("z");
    expect(next).toMatch(/000002-/);
  });

  it("leave nothing when they are aborted, and the frame as it was", async () => {
    const { backup, saver, source } = await open();
    await saver.saveData(numbers(1), "aborted");
    const controller = new AbortController();
    const saving = saver.saveWithBackup(numbers(2), "aborted", { signal: controller.signal });
    void server.requests(2).then(() => controller.abort(new Error("enough")));
    await expect(saving).rejects.toThrow("enough");
    expect(await backup.listBackups("aborted")).toEqual([]);
    expect(await compareFrames(await source.getData("aborted"), numbers(1))).toBeNull();
  });

  it("whose server is gone make the save fail retryably, health false, and tell no key", async () => {
    const { backup, saver, source, logger } = await open();
    await saver.saveData(numbers(1), "gone");
    await server.vanish();
    try {
      const failed = await saver.saveWithBackup(numbers(2), "gone").catch((cause: unknown) => cause);
      expect(failed).toMatchObject({ code: "STORAGE_UNAVAILABLE", retryable: true });
      expect(await backup.healthCheck()).toBe(false);
      const told = inspect(failed, { depth: 20, showHidden: true }) + logger.warnings.join();
      expect(told).not.toMatch(/test-secret-key|test-access-key/);
    } finally {
      await server.returns();
    }
    expect(await compareFrames(await source.getData("gone"), numbers(1))).toBeNull();
  });

  it("need keys from the settings, a bucket that is there, and an address that is one", async () => {
    const without = await open({ BACKUP_S3_SECRET_KEY: undefined });
    await without.saver.saveData(numbers(1), "x");
    await expect(without.backup.listBackups()).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    const nowhere = await open({ FS_BACKUP: "s3://no-such-bucket/x" });
    await nowhere.saver.saveData(numbers(1), "x");
    await expect(nowhere.backup.backupData("x")).rejects.toThrow(/no such bucket/);
    await expect(open({ FS_BACKUP: "s3://../x" })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    expect(JSON.stringify(nowhere.config)).not.toContain("test-secret-key");
  });
});

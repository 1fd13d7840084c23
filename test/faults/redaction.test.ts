import { inspect } from "node:util";
import { afterAll, expect, test } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import type { Logger } from "../../src/contracts/logger.ts";
import { DataFactory } from "../../src/factory/data-factory.ts";
import { prices } from "../../src/testing/samples.ts";
import { testFolder } from "../system/folder.ts";

const secrets = { password: "pw-0e9a71c2", url: "pw-5b1d03f8", arctic: "sk-77aa10de", backup: "sk-c0ffee42" };
const closers: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closers) await close();
});

/** Everything that a program could print of these. */
function printed(value: unknown): string {
  const json = (() => {
    try {
      return JSON.stringify(value, (_, each) => (typeof each === "bigint" ? `${each}` : each));
    } catch {
      return "";
    }
  })();
  const text = value instanceof Error ? `${value.stack} ${value.message}` : "";
  return `${json} ${text} ${inspect(value, { depth: 30, showHidden: true, maxStringLength: null })}`;
}

test.each([
  ["DB_PASSWORD and keys", { DB_PASSWORD: secrets.password, ARCTIC_HOST: "127.0.0.1:1", ARCTIC_BUCKET: "bucket" }],
  [
    "DATABASE_URL and a URI",
    {
      DATABASE_URL: `postgres://user:${secrets.url}@127.0.0.1:1/db`,
      ARCTIC_HOST: `s3://127.0.0.1:bucket?port=1&access=key&secret=${secrets.arctic}`,
    },
  ],
])("no password of %s stands in logs at debug level, errors, results or the printed config", async (_, more) => {
  const root = await testFolder();
  const config = parseConfig({
    ...{ FS_DATA: `${root}/data`, FS_TEMP: `${root}/temp`, DB_SERVER: "127.0.0.1", DB_PORT: 1, DB_EMBEDDED: "never" },
    ...{ ARCTIC_ACCESS_KEY: "key", ARCTIC_SECRET_KEY: secrets.arctic, ARCTIC_TLS: false, ARCTIC_TIMEOUT: "5s" },
    ...{ FS_BACKUP: "s3://bucket/x", BACKUP_S3_ENDPOINT: "http://127.0.0.1:1", BACKUP_S3_ACCESS_KEY: "key" },
    ...{ BACKUP_S3_SECRET_KEY: secrets.backup, LOG_LEVEL: "debug", ...more },
  });
  const told: string[] = [printed(config)];
  const keep: Logger["debug"] = (first: object | string, message?: string) => {
    told.push(`${message ?? ""} ${printed(first)}`);
  };
  const factory = new DataFactory({ config, logger: { debug: keep, info: keep, warn: keep, error: keep } });
  closers.push(() => factory.close());
  const frame = prices(3);
  await factory.createDataSaver("csv").saveData(frame, "x");
  const calls: (() => Promise<unknown>)[] = [
    () => factory.createDataSource("postgres").getData("x"),
    () => factory.createDataSaver("postgres").saveData(frame, "x"),
    () => factory.createDataSaver("postgres").healthCheck(),
    () => factory.createDataSource("arctic").listSources(),
    () => factory.createDataSaver("csv").saveWithBackup(frame, "x"),
    () => factory.createDataBackup("csv").listBackups(),
  ];
  for (const call of calls) told.push(printed(await call().catch((cause: unknown) => cause)));
  for (const storage of factory.storages) told.push(printed(storage.capabilities));
  const all = told.join("\n");
  expect(all).toMatch(/STORAGE_UNAVAILABLE/);
  for (const secret of Object.values(secrets)) expect(all.includes(secret), secret).toBe(false);
});

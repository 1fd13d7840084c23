import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, test } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import type { IHelpers } from "../../src/contracts/helpers.ts";
import type { IStorage } from "../../src/contracts/storage.ts";
import type { StorageContext } from "../../src/storages/context.ts";
import { storageChecks } from "../../src/testing/index.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Runs the conformance kit against a storage in a folder of its own, with the embedded server or the local library. */
export function testStorage(title: string, open: (context: StorageContext) => IStorage & Partial<IHelpers>): void {
  const folder = mkdtempSync(join(tmpdir(), "millrace-kit-"));
  const config = parseConfig({ FS_DATA: join(folder, "data"), FS_TEMP: join(folder, "temp"), DB_EMBEDDED: "always" });
  const storage = open({ config, logger: silent });

  describe(`${title} keeps the rules of every storage: it`, () => {
    for (const check of storageChecks(storage)) test(check.name, () => check.run());
  });

  afterAll(async () => {
    await storage.close?.();
    await storage.stopHelpers?.({ force: true });
    await rm(folder, { recursive: true, force: true });
  });
}

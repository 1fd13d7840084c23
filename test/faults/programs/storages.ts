import { join } from "node:path";
import { parseConfig } from "../../../src/config/load.ts";
import type { IStorage } from "../../../src/contracts/storage.ts";
import type { StorageContext } from "../../../src/storages/context.ts";

const quiet = () => {};

/** The storage of a type in a folder, as every process of these tests opens it. Only that storage is loaded. */
export async function open(type = "", folder = "", more = "{}"): Promise<IStorage> {
  const config = parseConfig({
    ...{ FS_DATA: join(folder, "data"), FS_TEMP: join(folder, "temp"), DB_EMBEDDED: "always", DB_IDLE: "20s" },
    ...{ ARCTIC_IDLE: "20s", LOCK_TIMEOUT: "20s", TEMP_MAX_AGE: "1d" },
    ...(JSON.parse(more) as object),
  });
  return make[type as keyof typeof make]({
    config,
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
}

const make = {
  csv: async (context: StorageContext) => new (await import("../../../src/storages/csv/index.ts")).CsvStorage(context),
  temp: async (context: StorageContext) =>
    new (await import("../../../src/storages/temp/index.ts")).TempStorage(context),
  postgres: async (context: StorageContext) =>
    new (await import("../../../src/storages/postgres/index.ts")).PostgresStorage(context),
  arctic: async (context: StorageContext) =>
    new (await import("../../../src/storages/arctic/index.ts")).ArcticStorage(context),
};

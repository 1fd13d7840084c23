import { join } from "node:path";
import { parseConfig } from "../src/config/load.ts";
import type { PostgresSaveOptions } from "../src/storages/postgres/index.ts";
import { PostgresStorage } from "../src/storages/postgres/index.ts";
import { testTable } from "./data.ts";
import type { BenchCase, BenchContext, Prepared } from "./harness.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** All cases share one embedded server, in the folder of the run. */
function openStorage({ folder }: BenchContext): PostgresStorage {
  const folders = { FS_DATA: join(folder, "data"), FS_TEMP: join(folder, "temp") };
  return new PostgresStorage({
    config: parseConfig({ ...folders, DB_EMBEDDED: "always", DB_IDLE: "5s" }),
    logger: silent,
  });
}

function saving(table: string, fresh: boolean, options: PostgresSaveOptions = {}) {
  return async (context: BenchContext): Promise<Prepared> => {
    const storage = openStorage(context);
    const saver = storage.saver();
    const data = testTable(context.rows);
    if (!fresh) await saver.saveData(data, table);
    return {
      before: async () => fresh && (await saver.deleteData(table)),
      run: () => saver.saveData(data, table, options),
      close: () => storage.close(),
    };
  };
}

/** Frames into tables and back, on one embedded server. */
export const cases: BenchCase[] = [
  { name: "frame to new table", group: "load", base: true, prepare: saving("loaded", true) },
  { name: "frame to replaced table", group: "load", prepare: saving("replaced", false) },
  {
    name: "table to frame",
    group: "read",
    base: true,
    async prepare(context) {
      const storage = openStorage(context);
      await storage.saver().saveData(testTable(context.rows), "read");
      return { run: () => storage.source().getData("read"), close: () => storage.close() };
    },
  },
  {
    name: "pg's own rows",
    group: "read",
    async prepare(context) {
      const storage = openStorage(context);
      await storage.saver().saveData(testTable(context.rows), "rows");
      const { default: pg } = await import("pg");
      const client = new pg.Client({ connectionString: (await storage.embeddedUrl()) ?? "" });
      await client.connect();
      return {
        run: () => client.query({ text: "SELECT * FROM rows", rowMode: "array" }),
        close: async () => {
          await client.end();
          await storage.close();
        },
      };
    },
  },
];

import { isScratchName } from "../../backups/service.ts";
import { InvalidNameError } from "../../errors.ts";
import { listTables } from "./catalog.ts";
import { isNew } from "./embedded/choice.ts";
import type { PostgresParts } from "./parts.ts";

/** The tables and views of DB_SCHEMA whose names `getData` takes, sorted. Others can be read by `query` only. An embedded
 * server that was never used is not made for this. */
export async function listNames({ database, config, canonical, logger }: PostgresParts): Promise<string[]> {
  if (await isNew(config)) return [];
  const tables = await database.use({ doing: "read" }, (connection) => listTables(connection, config.DB_SCHEMA));
  const names = tables.filter((table) => {
    if (isScratchName(table)) return false;
    try {
      return canonical(table) === table && !table.includes(".");
    } catch (cause) {
      if (!(cause instanceof InvalidNameError)) throw cause;
      logger.debug({ storage: "postgres" }, `Not listed, its name is none of a frame: ${JSON.stringify(table)}.`);
      return false;
    }
  });
  return names.sort();
}

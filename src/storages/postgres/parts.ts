import { join, resolve } from "node:path";
import type { Config } from "../../config/settings.ts";
import { segmentName } from "../../frame/names.ts";
import { withLock } from "../../system/lock.ts";
import type { StorageContext } from "../context.ts";
import { Database } from "./database.ts";
import { nameOf, parseName, type TableName } from "./identifiers.ts";

/** What the source, the saver and the backup of one storage share. */
export interface PostgresParts extends StorageContext {
  readonly database: Database;
  readonly storageId: string;
  readonly databaseId: string;
  /** The table that a frame's name means. @throws InvalidNameError */
  table(name: string): TableName;
  /** The name in the form in which it is listed. */
  canonical(name: string): string;
  /**
   * Runs `work` while this program alone, of all on this machine, writes under that name. Those on other machines are kept
   * apart by the server's own locks while they write.
   */
  exclusive<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

export function postgresParts(context: StorageContext): PostgresParts {
  const { config } = context;
  const table = (name: string) => parseName(name, config.DB_SCHEMA);
  const canonical = (name: string) => nameOf(table(name), config.DB_SCHEMA);
  return {
    ...context,
    database: new Database(context),
    storageId: storageIdOf(config),
    databaseId: databaseIdOf(config),
    table,
    canonical,
    exclusive(name, work, signal) {
      const frame = canonical(name);
      const file = join(config.FS_DATA, ".millrace", "locks", "postgres", `${segmentName(frame)}.lock`);
      return withLock(file, work, {
        timeoutMs: config.LOCK_TIMEOUT,
        what: `the table ${frame}`,
        storage: "postgres",
        frame,
        ...(signal && { signal }),
      });
    },
  };
}

/** With an embedded server, or one that is still to be chosen, the project's folder says which it is. */
export function databaseIdOf({ DB_EMBEDDED, DB_SERVER, DB_PORT, DB_NAME, FS_DATA }: Config): string {
  const named = DB_EMBEDDED === undefined || DB_EMBEDDED === "never";
  const server = named ? `${DB_SERVER}:${DB_PORT}` : `${DB_EMBEDDED} ${resolve(FS_DATA)}`;
  return `${server}/${DB_NAME}`;
}

function storageIdOf(config: Config): string {
  return `postgres:${databaseIdOf(config)}/${config.DB_SCHEMA}`;
}

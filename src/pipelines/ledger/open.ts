import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Config } from "../../config/settings.ts";
import type { Logger } from "../../contracts/logger.ts";
import { postgresPlace } from "./postgres.ts";
import type { SqlPlace } from "./sql.ts";
import { SqlLedger } from "./sql-ledger.ts";
import { ledgerFile, sqlitePlace } from "./sqlite.ts";

interface Opened {
  readonly place: Promise<SqlPlace>;
  users: number;
  closing: NodeJS.Timeout | undefined;
}

/** Ledgers that this process uses, by their place. One that nobody uses stays open for a moment: the next run may come at once. */
const opened = new Map<string, Opened>();
const idleMs = 2_000;

/** The ledger that the config names. Dispose of it. */
export async function openLedger(config: Config, logger: Logger): Promise<SqlLedger> {
  const key = await placeKey(config);
  let entry = opened.get(key);
  if (!entry) {
    entry = { place: openPlace(config, logger), users: 0, closing: undefined };
    opened.set(key, entry);
  }
  entry.users += 1;
  clearTimeout(entry.closing);
  const held = entry;
  try {
    return new SqlLedger({ ...(await held.place), [Symbol.asyncDispose]: once(() => release(key, held)) });
  } catch (cause) {
    opened.delete(key);
    throw cause;
  }
}

function openPlace(config: Config, logger: Logger): Promise<SqlPlace> {
  return config.LEDGER === "sqlite" ? sqlitePlace(config.FS_DATA) : postgresPlace(config, logger);
}

/** A folder that was removed and made again is another place. */
async function placeKey({
  LEDGER,
  FS_DATA,
  DB_SERVER,
  DB_PORT,
  DB_NAME,
  DB_USER,
  DB_EMBEDDED,
}: Config): Promise<string> {
  const folder = resolve(FS_DATA);
  if (LEDGER !== "sqlite") return JSON.stringify([LEDGER, DB_SERVER, DB_PORT, DB_NAME, DB_USER, DB_EMBEDDED, folder]);
  const { dev, ino } = await stat(await ledgerFile(FS_DATA), { bigint: true });
  return JSON.stringify([LEDGER, folder, `${dev}:${ino}`]);
}

function release(key: string, entry: Opened): void {
  entry.users -= 1;
  if (entry.users > 0) return;
  entry.closing = setTimeout(() => {
    if (opened.get(key) === entry) opened.delete(key);
    void entry.place.then((place) => place[Symbol.asyncDispose]()).catch(() => {});
  }, idleMs);
  entry.closing.unref();
}

function once(work: () => void): () => Promise<void> {
  let done = false;
  return async () => {
    if (!done) work();
    done = true;
  };
}

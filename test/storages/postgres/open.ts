import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll } from "vitest";
import { parseConfig } from "../../../src/config/load.ts";
import type { Config } from "../../../src/config/settings.ts";
import { stopEmbedded } from "../../../src/storages/postgres/embedded/status.ts";
import { embeddedUrl, PostgresStorage } from "../../../src/storages/postgres/index.ts";

/** What a test file works with: a storage on an embedded server of its own, and PostgreSQL's own driver on the same database. */
export interface OpenedPostgres {
  readonly config: Config;
  readonly storage: PostgresStorage;
  readonly lines: string[];
  /** Runs a statement through `pg`, as any other program would. */
  sql<Row extends pg.QueryResultRow = pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
}

/** A logger that keeps what it is told. */
export function listeningLogger() {
  const lines: string[] = [];
  const keep = (first: object | string, message?: string) => {
    lines.push(typeof first === "string" ? first : (message ?? ""));
  };
  return { lines, logger: { debug: keep, info: keep, warn: keep, error: keep } };
}

/** Settings with the embedded server in a folder of their own. */
export async function freshConfig(more: Record<string, unknown> = {}): Promise<{ config: Config; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-pg-"));
  const folders = { FS_DATA: join(folder, "data"), FS_TEMP: join(folder, "temp") };
  return { folder, config: parseConfig({ ...folders, DB_EMBEDDED: "always", DB_IDLE: "2s", ...more }) };
}

/** Stops the server of a folder and removes the folder. */
export async function removeServer(config: Config, folder: string): Promise<void> {
  await stopEmbedded(config, { force: true });
  await chmod(folder, 0o700);
  await rm(folder, { recursive: true, force: true });
}

/** Opens a server for all tests of a file. */
export function openPostgres(): OpenedPostgres {
  const { lines, logger } = listeningLogger();
  const opened: { config?: Config; storage?: PostgresStorage; client?: pg.Client; folder?: string } = {};
  const part = <Key extends keyof typeof opened>(key: Key): NonNullable<(typeof opened)[Key]> => {
    const found = opened[key];
    if (!found) throw new Error("The server is opened before the first test.");
    return found;
  };
  beforeAll(async () => {
    const { config, folder } = await freshConfig();
    const storage = new PostgresStorage({ config, logger });
    Object.assign(opened, { config, folder, storage });
    await storage.source().query("SELECT 1 AS one");
    const client = new pg.Client({ connectionString: (await embeddedUrl(config)) ?? "" });
    client.on("error", () => {});
    await client.connect();
    await client.query("SET TIME ZONE 'UTC'");
    opened.client = client;
  });
  afterAll(async () => {
    await opened.client?.end();
    await opened.storage?.close();
    await removeServer(part("config"), part("folder"));
  });
  return {
    lines,
    get config() {
      return part("config");
    },
    get storage() {
      return part("storage");
    },
    async sql(text, values) {
      return (await part("client").query(text, values)).rows;
    },
  };
}

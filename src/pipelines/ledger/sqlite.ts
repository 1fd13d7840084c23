import { open } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Claim } from "../../contracts/ledger.ts";
import { ConfigError, UnavailableError } from "../../errors.ts";
import { segmentName } from "../../frame/names.ts";
import { fileError } from "../../system/files.ts";
import { makeFolder } from "../../system/folders.ts";
import { tryLock } from "../../system/lock.ts";
import type { RunSql, SqlPlace, SqlRows, SqlValue } from "./sql.ts";
import { addedColumn, ledgerVersion, tableStatements } from "./tables.ts";

/** How long a statement waits for another process that writes. */
const busyMs = 5_000;

/** A statement that waits for the end of this turn. */
interface Written {
  readonly sql: string;
  readonly values: readonly SqlValue[];
  resolve(rows: SqlRows): void;
  reject(cause: unknown): void;
}

/**
 * A ledger in `FS_DATA/.millrace/ledger.sqlite`, which only this user may read. What is written survives a kill at once, and a
 * power cut up to the last few writes: what they told of is found out again by the marks kept with the data.
 */
export async function sqlitePlace(dataFolder: string): Promise<SqlPlace> {
  const path = await ledgerFile(dataFolder);
  const database = openDatabase(path);
  const statements = new Map<string, StatementSync>();
  const runNow = (sql: string, values: readonly SqlValue[] = []): SqlRows => {
    let statement = statements.get(sql);
    if (!statement) {
      statement = database.prepare(sql);
      statements.set(sql, statement);
    }
    try {
      return statement.all(...values) as SqlRows;
    } catch (cause) {
      throw sqliteError(path, cause);
    }
  };
  const written: Written[] = [];
  const flush = () => {
    const batch = written.splice(0);
    if (batch.length === 0) return;
    try {
      if (batch.length > 1) runNow("BEGIN IMMEDIATE");
      const rows = batch.map(({ sql, values }) => runNow(sql, values));
      if (batch.length > 1) runNow("COMMIT");
      for (const [index, { resolve }] of batch.entries()) resolve(rows[index] ?? []);
    } catch (cause) {
      if (database.isTransaction) runNow("ROLLBACK");
      for (const { reject } of batch) reject(cause);
    }
  };
  /** What many sources write in one turn of the event loop goes into one transaction, which costs as much as a single write. */
  const run: RunSql = (sql, values = []) => {
    if (sql.startsWith("SELECT")) {
      flush();
      return new Promise((resolve) => resolve(runNow(sql, values)));
    }
    if (written.length === 0) setImmediate(flush);
    return new Promise((resolve, reject) => written.push({ sql, values, resolve, reject }));
  };
  return {
    prefix: "",
    run,
    async batch(batch) {
      flush();
      runNow("BEGIN IMMEDIATE");
      try {
        const rows = batch.map(([sql, values]) => runNow(sql, values));
        runNow("COMMIT");
        return rows;
      } catch (cause) {
        runNow("ROLLBACK");
        throw cause;
      }
    },
    claim: (name) => claimFile(join(dirname(path), "locks", "pipelines", `${segmentName(name)}.lock`)),
    async [Symbol.asyncDispose]() {
      flush();
      if (database.isOpen) database.close();
    },
  };
}

function openDatabase(path: string): DatabaseSync {
  // Not imported: on an older Node that would fail before the public door can say which one is needed.
  const sqlite = process.getBuiltinModule("node:sqlite");
  try {
    const database = new sqlite.DatabaseSync(path, { timeout: busyMs });
    const version = Number(database.prepare("PRAGMA user_version").get()?.user_version);
    if (version > ledgerVersion) {
      throw new ConfigError(`The ledger ${path} was written by a newer millrace (version ${version} of its tables).`, {
        hint: "Use that version of millrace.",
      });
    }
    database.exec("PRAGMA synchronous = NORMAL");
    if (version < ledgerVersion) {
      database.exec("PRAGMA journal_mode = WAL");
      database.exec(`BEGIN IMMEDIATE; ${tableStatements("").join("; ")}`);
      const { table, name, type } = addedColumn;
      const columns = database.prepare(`PRAGMA table_info(${table})`).all();
      if (!columns.some((column) => column.name === name))
        database.exec(`ALTER TABLE ${table} ADD COLUMN ${name} ${type}`);
      database.exec(`PRAGMA user_version = ${ledgerVersion}; COMMIT`);
    }
    return database;
  } catch (cause) {
    throw cause instanceof ConfigError ? cause : sqliteError(path, cause);
  }
}

/** The ledger's file. It is made before SQLite opens it: its other files get the same rights. */
export async function ledgerFile(dataFolder: string): Promise<string> {
  const path = resolve(dataFolder, ".millrace", "ledger.sqlite");
  try {
    await makeFolder(dirname(path));
    await using _ = await open(path, "a", 0o600);
    return path;
  } catch (cause) {
    throw fileError(cause, { doing: `write the ledger ${path}` });
  }
}

async function claimFile(path: string): Promise<Claim | null> {
  const lock = await tryLock(path);
  // The kernel frees it only with this process.
  return lock && { lost: new AbortController().signal, [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose]() };
}

function sqliteError(path: string, cause: unknown): UnavailableError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UnavailableError(`The ledger ${path} can't be used: ${reason}.`, {
    cause,
    hint: "See whether this user may write there, and whether the disk is full.",
  });
}

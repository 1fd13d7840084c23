import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/settings.ts";
import type { CalculationMemory } from "../contracts/calculation-memory.ts";
import { fileError } from "../system/files.ts";

/** A memory in a file. Disposing of it closes the file. */
export interface StoredMemory extends CalculationMemory, Disposable {}

/**
 * A memory in `FS_DATA/.millrace/calculations.sqlite`. It keeps the `keep` results that were asked for or kept last (default
 * 10,000: about 2 MB). A file that is lost or removed costs only that everything is calculated once more.
 */
export function calculationMemory(config: Pick<Config, "FS_DATA">, { keep = 10_000 } = {}): StoredMemory {
  const path = join(config.FS_DATA, ".millrace", "calculations.sqlite");
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  const open = () => {
    mkdirSync(join(config.FS_DATA, ".millrace"), { recursive: true });
    const database = new DatabaseSync(path, { timeout: 5_000 });
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS calculations (key TEXT PRIMARY KEY, stamp TEXT NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS calculations_used ON calculations (used)`);
    return database;
  };
  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      throw fileError(cause, { doing: `use ${path}` });
    }
  };
  const database = attempt(open);
  const found = database.prepare("SELECT stamp FROM calculations WHERE key = ?");
  const next = "(SELECT coalesce(max(used), 0) + 1 FROM calculations)";
  const use = database.prepare(`UPDATE calculations SET used = ${next} WHERE key = ?`);
  const put = database.prepare(
    `INSERT INTO calculations VALUES (?, ?, ${next}) ON CONFLICT (key) DO UPDATE SET stamp = excluded.stamp, used = excluded.used`,
  );
  const prune = database.prepare(
    "DELETE FROM calculations WHERE used <= (SELECT used FROM calculations ORDER BY used DESC LIMIT 1 OFFSET ?)",
  );
  return {
    async lastCalculation(key) {
      const row = attempt(() => found.get(key)) as { stamp: string } | undefined;
      if (row) attempt(() => use.run(key));
      return row?.stamp ?? null;
    },
    async keepCalculation(key, stamp) {
      attempt(() => {
        put.run(key, stamp);
        prune.run(keep);
      });
    },
    [Symbol.dispose]() {
      if (database.isOpen) database.close();
    },
  };
}

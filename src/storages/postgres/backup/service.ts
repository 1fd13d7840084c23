import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { StoredBackup } from "../../../backups/manifest.ts";
import { FrameBackup } from "../../../backups/service.ts";
import { type DumpedFrame, openBackupStore } from "../../../backups/store.ts";
import type { DataFrame } from "../../../frame/polars.ts";
import { postgresCapabilities } from "../capabilities.ts";
import { describeTable, findRelation } from "../catalog.ts";
import { CopyOut } from "../copy/copy-out.ts";
import { readOnly } from "../database.ts";
import { deleteTable } from "../delete.ts";
import { fieldsOfColumns, frameColumns } from "../frame-columns.ts";
import { postgresHealth } from "../health.ts";
import { literal, quote, quoteTable } from "../identifiers.ts";
import { listNames } from "../list.ts";
import type { PostgresParts } from "../parts.ts";
import { lockForReading } from "../read.ts";
import { PostgresSource } from "../source.ts";
import { copyToFile, options, rowsFile, unpackedRows } from "./copy-file.ts";
import { storedColumns } from "./definition.ts";
import { readDefinition } from "./read-definition.ts";
import { definitionOf, restoreTable } from "./restore.ts";
import { type RowSum, sumRows } from "./row-sum.ts";

/** Backups of tables: their definition in the manifest, their rows as COPY gives them, all from one snapshot. */
export class PostgresBackup extends FrameBackup {
  readonly #parts: PostgresParts;
  readonly #source: PostgresSource;
  /** The state of the database that is backed up; null for the present one. */
  readonly #snapshot: string | null;

  constructor(parts: PostgresParts, snapshot: string | null = null) {
    const { config, logger } = parts;
    const store = openBackupStore(parts, "postgres", parts.storageId);
    super({
      store,
      logger,
      keep: config.BACKUP_KEEP,
      maxAge: config.BACKUP_MAX_AGE,
      keepsRowOrder: postgresCapabilities.keepsRowOrder,
    });
    this.#parts = parts;
    this.#source = new PostgresSource(parts);
    this.#snapshot = snapshot;
  }

  /** All tables as they were at one moment, so that foreign keys agree. */
  override async backupAll(): Promise<[source: string, location: string][]> {
    const { config, logger } = this.#parts;
    if (this.#snapshot !== null) return super.backupAll();
    if (config.DB_POOL === 1) {
      logger.warn(
        { storage: "postgres" },
        "With DB_POOL=1 each table is backed up by itself: one snapshot takes two connections.",
      );
      return super.backupAll();
    }
    const names = await listNames(this.#parts);
    if (names.length === 0) return [];
    const { database, table } = this.#parts;
    const locks = await database.use({ doing: "read" }, async (connection) => {
      const found: string[] = [];
      for (const name of names) {
        const relation = await findRelation(connection, table(name));
        const lock = relation && lockForReading(relation, table(name));
        if (lock) found.push(lock);
      }
      return found;
    });
    const use = { doing: "read" as const, begin: readOnly, first: locks.join("; ") || undefined };
    return database.use(use, async ({ run }) => {
      const [row] = await run("SELECT pg_catalog.pg_export_snapshot() AS snapshot");
      return new PostgresBackup(this.#parts, row?.snapshot ?? null).backupAll();
    });
  }

  protected override names(): Promise<string[]> {
    return listNames(this.#parts);
  }

  protected override canonicalName(name: string): string {
    return this.#parts.canonical(name);
  }

  protected override async dump(name: string, folder: string): Promise<DumpedFrame | null> {
    const { database, table } = this.#parts;
    const target = table(name);
    const relation = await database.use({ doing: "read", frame: name }, (connection) =>
      findRelation(connection, target),
    );
    if (!relation) return null;
    const lock = lockForReading(relation, target);
    const first = this.#snapshot === null ? lock : `SET TRANSACTION SNAPSHOT ${literal(this.#snapshot)}`;
    const use = { doing: "read" as const, frame: name, name: target, begin: readOnly, first };
    const path = join(folder, rowsFile);
    const dumped = await database.use(use, async (connection) => {
      // A row that this user may not see must not be missing without a word.
      await connection.run("SET LOCAL row_security = off");
      const described = await describeTable(connection, relation);
      const { kept, primaryKey } = described;
      const schema = { fields: fieldsOfColumns(frameColumns(described)) };
      const definition = await readDefinition(connection, relation);
      const rows = await copyToFile(connection, { table: quoteTable(target), definition, path });
      const key = kept?.key ?? (primaryKey.length > 0 ? primaryKey : undefined);
      const inFrame = key?.every((column) => schema.fields.some((field) => field.name === column)) ? key : undefined;
      return { schema, rows, timeColumn: kept?.timeColumn, key: inFrame, extra: definition };
    });
    return { ...dumped, content: contentText(await sumRows(unpackedRows(path), dumped.extra.format)) };
  }

  protected override restore(folder: string, record: StoredBackup, destination: string): Promise<void> {
    return restoreTable(this.#parts, folder, record, destination);
  }

  protected override load(name: string): Promise<DataFrame> {
    return this.#source.getData(name);
  }

  protected override drop(name: string): Promise<boolean> {
    return deleteTable(this.#parts, name);
  }

  protected override exclusive<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#parts.exclusive(name, work);
  }

  protected override usable(): Promise<boolean> {
    return postgresHealth(this.#parts);
  }

  /** A table is read where tables are: the rows alone do not say how PostgreSQL shows them. */
  protected override readDump(folder: string, record: StoredBackup): Promise<DataFrame> {
    const scratch = this.scratchName(record.source);
    return this.exclusive(scratch, async () => {
      try {
        await this.restore(folder, record, scratch);
        return await this.load(scratch);
      } finally {
        await this.drop(scratch);
      }
    });
  }

  /** Byte by byte, in any order of rows: so every type is compared, also those that a frame holds as text. */
  protected override async difference(folder: string, record: StoredBackup, scratch: string): Promise<string | null> {
    const definition = definitionOf(record);
    const kept = await sumRows(unpackedRows(join(folder, rowsFile)), definition.format);
    if (kept.rows !== record.rows) return `its files hold ${kept.rows} rows, not ${record.rows}.`;
    if (record.content !== undefined && record.content !== contentText(kept)) return "its files hold other rows.";
    const { database, table } = this.#parts;
    const restored = await database.use({ doing: "read", frame: scratch, begin: readOnly }, async ({ client }) => {
      const columns = storedColumns(definition).map(({ name }) => quote(name));
      const sql = `COPY (SELECT ${columns.join(", ")} FROM ${quoteTable(table(scratch))}) TO STDOUT (${options(definition)})`;
      return sumRows(client.query(new CopyOut(sql)), definition.format);
    });
    return isDeepStrictEqual(kept, restored)
      ? null
      : `${restored.rows} rows came back, of ${kept.rows}, and they differ.`;
  }
}

/** The sum of what COPY gives for each row, in any order. */
function contentText({ rows, sum }: RowSum): string {
  return `copy-1:${rows}:${sum.toString(16)}`;
}

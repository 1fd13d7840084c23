import { join } from "node:path";
import type { StoredBackup } from "../../backups/manifest.ts";
import { dataFileName, FrameBackup } from "../../backups/service.ts";
import { type DumpedFrame, openBackupStore } from "../../backups/store.ts";
import { toArrow } from "../../frame/arrow.ts";
import { defaultBatchRows } from "../../frame/batches.ts";
import { readIpc } from "../../frame/ipc.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { parseType } from "../../frame/types.ts";
import { postgresCapabilities } from "./capabilities.ts";
import { describeTable, findRelation } from "./catalog.ts";
import { deleteTable } from "./delete.ts";
import { dumpRows } from "./dump.ts";
import { fieldsOfColumns } from "./frame-columns.ts";
import { postgresHealth } from "./health.ts";
import { listNames } from "./list.ts";
import { withOwnTypes, withoutOwnTypes } from "./own-types.ts";
import type { PostgresParts } from "./parts.ts";
import { readTable } from "./read.ts";
import { saveRows } from "./save.ts";
import { PostgresSource } from "./source.ts";

/** What of a table a frame alone does not say. */
interface Extra {
  keepOrder?: boolean;
}

/** Backups of tables as Arrow files with their key, time column and order, which need no PostgreSQL to be read. */
export class PostgresBackup extends FrameBackup {
  readonly #parts: PostgresParts;
  readonly #source: PostgresSource;

  constructor(parts: PostgresParts) {
    const { config, logger } = parts;
    const store = openBackupStore(parts, "postgres", parts.storageId);
    super({ store, logger, keep: config.BACKUP_KEEP, keepsRowOrder: postgresCapabilities.keepsRowOrder });
    this.#parts = parts;
    this.#source = new PostgresSource(parts);
  }

  protected override names(): Promise<string[]> {
    return listNames(this.#parts);
  }

  protected override canonicalName(name: string): string {
    return this.#parts.canonical(name);
  }

  protected override async dump(name: string, folder: string): Promise<DumpedFrame | null> {
    const { database, table } = this.#parts;
    const found = await database.use({ doing: "read", frame: name }, async (connection) => {
      const relation = await findRelation(connection, table(name));
      return relation && describeTable(connection, relation);
    });
    if (!found) return null;
    const { kept, primaryKey } = found;
    const stream = await readTable(this.#parts, { frame: name, options: {}, batchRows: defaultBatchRows });
    const schema = { fields: fieldsOfColumns(stream.columns) };
    const rows = await dumpRows(stream, join(folder, dataFileName), name);
    const key = kept?.key ?? (primaryKey.length > 0 ? primaryKey : undefined);
    const inFrame = key?.every((column) => schema.fields.some((field) => field.name === column)) ? key : undefined;
    const extra: Extra = kept?.keepOrder ? { keepOrder: true } : {};
    return { schema, rows, timeColumn: kept?.timeColumn, key: inFrame, extra };
  }

  protected override async restore(folder: string, record: StoredBackup, destination: string): Promise<void> {
    const { database, config, table, logger } = this.#parts;
    const frame = await readIpc(join(folder, dataFileName), { storage: "postgres", frame: record.source });
    const columns = record.schema.fields.map(({ name, type }) => ({ name, type: parseType(type) }));
    const whole = await withOwnTypes(frame, columns, record.source);
    const rows = await toArrow(await withoutOwnTypes(whole, columns), config);
    const { keepOrder = false } = (record.extra ?? {}) as Extra;
    const request = {
      ...{ frame: destination, name: table(destination), fields: record.schema.fields, keepOrder },
      ...{
        mode: "replace" as const,
        schemaChange: "evolve" as const,
        widenToText: false,
        key: record.key,
        timeColumn: record.timeColumn,
      },
    };
    async function* once() {
      yield rows;
    }
    await saveRows(database, request, { rows: once(), logger });
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
}

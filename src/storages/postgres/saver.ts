import type { Table } from "apache-arrow";
import type { IBatchSaver } from "../../contracts/batches.ts";
import type { IDataSaver } from "../../contracts/data-saver.ts";
import type { IDelete } from "../../contracts/delete.ts";
import type { FrameField } from "../../contracts/frame-schema.ts";
import type { IIdentified } from "../../contracts/identity.ts";
import { SchemaError } from "../../errors.ts";
import { toArrow } from "../../frame/arrow.ts";
import { requireKey } from "../../frame/key.ts";
import type { DataFrame } from "../../frame/polars.ts";
import {
  assertSchema,
  readSchema,
  requireColumns,
  requireFrame,
  schemaDifferences,
  schemaOf,
} from "../../frame/schema.ts";
import { parseType } from "../../frame/types.ts";
import { assertOptions, assertSaveOptions } from "../options.ts";
import type { PostgresBackup } from "./backup.ts";
import { type PostgresSaveOptions, postgresRules } from "./capabilities.ts";
import { deleteTable } from "./delete.ts";
import { postgresHealth } from "./health.ts";
import { checkColumnNames } from "./identifiers.ts";
import { withoutOwnTypes } from "./own-types.ts";
import type { PostgresParts } from "./parts.ts";
import { saveRows } from "./save.ts";
import type { SaveRequest } from "./save-plan.ts";
import { requireOrdered } from "./types.ts";

type BatchOptions = PostgresSaveOptions & { backup?: boolean };

/**
 * Saves frames as tables, each save in one transaction. A new table gets the frame's types; in one that is there the rows are
 * replaced, added or upserted, while its views, grants, indexes and foreign keys stay.
 */
export class PostgresSaver implements IDataSaver, IBatchSaver, IDelete, IIdentified {
  readonly storageId: string;
  readonly #parts: PostgresParts;
  readonly #backup: () => PostgresBackup;

  constructor(parts: PostgresParts, backup: () => PostgresBackup) {
    this.storageId = parts.storageId;
    this.#parts = parts;
    this.#backup = backup;
  }

  async saveData(data: DataFrame, destination: string, options: PostgresSaveOptions = {}): Promise<boolean> {
    return this.#saveFrame(data, destination, options, false);
  }

  async saveWithBackup(data: DataFrame, destination: string, options: PostgresSaveOptions = {}): Promise<boolean> {
    return this.#saveFrame(data, destination, options, true);
  }

  /** Streams: a batch is sent while the next one is made. The transaction lasts until the last one has come. */
  async saveBatches(
    batches: AsyncIterable<DataFrame>,
    destination: string,
    options: BatchOptions = {},
  ): Promise<boolean> {
    assertSaveOptions(options, postgresRules);
    const { signal, onProgress, backup = false } = options;
    signal?.throwIfAborted();
    const frame = this.#parts.canonical(destination);
    const iterator = batches[Symbol.asyncIterator]();
    try {
      const first = await iterator.next();
      const fields = first.done ? declaredFields(options, frame) : checkedFields(first.value, options, frame);
      const request = this.#request(frame, fields, options);
      const rows = batchTables(first.done ? null : first.value, iterator, {
        fields,
        options,
        frame,
        config: this.#parts.config,
      });
      return await this.#save(request, rows, { ...options, backup, onRows: (count) => onProgress?.({ rows: count }) });
    } finally {
      await iterator.return?.();
    }
  }

  async deleteData(name: string): Promise<boolean> {
    return this.#parts.exclusive(name, () => deleteTable(this.#parts, name));
  }

  async healthCheck(): Promise<boolean> {
    return postgresHealth(this.#parts);
  }

  async #saveFrame(
    data: DataFrame,
    destination: string,
    options: PostgresSaveOptions,
    backup: boolean,
  ): Promise<boolean> {
    const { backup: _, ...capabilities } = { backup: undefined, ...options };
    assertSaveOptions(capabilities, postgresRules);
    assertOptions(
      capabilities,
      postgresRules.capabilities.saveOptions.filter((name) => name !== "backup"),
      "postgres",
    );
    const { signal, key, onProgress } = options;
    signal?.throwIfAborted();
    const frame = this.#parts.canonical(destination);
    const fields = checkedFields(data, options, frame);
    const request = this.#request(frame, fields, options);
    if (key) await requireKey(data, key, { storage: "postgres", frame });
    const table = await rowsOf(data, fields, this.#parts.config);
    const onRows = (rows: number) => onProgress?.({ rows, totalRows: table.numRows });
    return this.#save(request, one(table), { ...options, backup, onRows });
  }

  #request(frame: string, fields: readonly FrameField[], options: PostgresSaveOptions): SaveRequest {
    const { mode = "replace", schemaChange = "evolve", key, timeColumn, keepOrder = false } = options;
    const place = { storage: "postgres", frame };
    checkColumnNames(
      fields.map(({ name }) => name),
      frame,
    );
    if (timeColumn !== undefined) requireTime(fields, timeColumn, frame);
    if (key) requireColumns({ fields }, key, place);
    for (const { name, type } of fields) if (key?.includes(name)) requireOrdered(parseType(type), name, frame);
    return { frame, name: this.#parts.table(frame), fields, mode, schemaChange, key, timeColumn, keepOrder };
  }

  async #save(
    request: SaveRequest,
    rows: AsyncIterable<Table>,
    { backup, signal, onRows }: BatchOptions & { onRows(rows: number): void },
  ): Promise<boolean> {
    const { database, config, exclusive, logger } = this.#parts;
    const how = { rows, signal, onRows, logger, lockTimeoutMs: config.LOCK_TIMEOUT };
    const save = () => saveRows(database, request, how);
    const work = backup ? () => this.#backup().backUpThenSave(request.frame, save, signal) : save;
    await exclusive(request.frame, work, signal);
    return true;
  }
}

/** A frame's rows in the types in which they are sent. */
async function rowsOf(data: DataFrame, fields: readonly FrameField[], config: PostgresParts["config"]): Promise<Table> {
  const columns = fields.map(({ name, type }) => ({ name, type: parseType(type) }));
  return toArrow(await withoutOwnTypes(data, columns), config);
}

async function* one(table: Table): AsyncGenerator<Table> {
  yield table;
}

function checkedFields(data: DataFrame, { schema }: PostgresSaveOptions, frame: string): readonly FrameField[] {
  requireFrame(data, "postgres", frame);
  if (schema) assertSchema(data, schema, { storage: "postgres", frame });
  return schemaOf(data).fields;
}

function declaredFields({ schema }: PostgresSaveOptions, frame: string): readonly FrameField[] {
  if (schema) return readSchema(schema).fields;
  throw new SchemaError(`There was no batch to save as ${frame}, and no schema that says which columns it has.`, {
    storage: "postgres",
    frame,
    hint: "Give the option `schema`, so that a frame without rows can be saved.",
  });
}

interface BatchContext {
  readonly fields: readonly FrameField[];
  readonly options: PostgresSaveOptions;
  readonly frame: string;
  readonly config: PostgresParts["config"];
}

/** The batches as Arrow tables. @throws SchemaError when one has other columns than the first. */
async function* batchTables(
  first: DataFrame | null,
  rest: AsyncIterator<DataFrame>,
  { fields, options, frame, config }: BatchContext,
): AsyncGenerator<Table> {
  if (!first) return;
  yield await rowsOf(first, fields, config);
  for (let number = 2, next = await rest.next(); !next.done; number++, next = await rest.next()) {
    const found = checkedFields(next.value, options, frame);
    const differences = schemaDifferences(fields, found, "the first batch", `batch ${number}`);
    const inOrder = fields.every(({ name }, index) => found[index]?.name === name);
    if (differences.length > 0 || !inOrder) {
      const list = differences.join("; ") || `batch ${number} has its columns in another order`;
      throw new SchemaError(`The batches of ${frame} differ: ${list}.`, {
        storage: "postgres",
        frame,
        hint: "Give all batches the same columns, types and order.",
      });
    }
    yield await rowsOf(next.value, fields, config);
  }
}

function requireTime(fields: readonly FrameField[], column: string, frame: string): void {
  requireColumns({ fields }, [column], { storage: "postgres", frame });
  const type = fields.find(({ name }) => name === column)?.type ?? "";
  if (type === "date" || type.startsWith("datetime[")) return;
  throw new SchemaError(`The time column "${column}" of ${frame} has the type ${type}.`, {
    storage: "postgres",
    frame,
    hint: "A time column holds dates or datetimes.",
  });
}

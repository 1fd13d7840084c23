import type { Table } from "apache-arrow";
import { refuseScratchName } from "../../backups/service.ts";
import type { IBatchSaver } from "../../contracts/batches.ts";
import type { IDataSaver } from "../../contracts/data-saver.ts";
import type { IDelete } from "../../contracts/delete.ts";
import type { FrameField } from "../../contracts/frame-schema.ts";
import type { IIdentified } from "../../contracts/identity.ts";
import type { IKeepsMarks, KeptMarks } from "../../contracts/run-mark.ts";
import { ConfigError, SchemaError } from "../../errors.ts";
import { heightOf, sliceOf } from "../../frame/access.ts";
import { toArrow } from "../../frame/arrow.ts";
import { requireBatches } from "../../frame/batches.ts";
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
import { keptMarksOf } from "../marks.ts";
import { assertSaveOptions, exceptOption } from "../options.ts";
import type { PostgresBackup } from "./backup/service.ts";
import { type PostgresSaveOptions, postgresRules } from "./capabilities.ts";
import { deleteTable } from "./delete.ts";
import { postgresHealth } from "./health.ts";
import { checkColumnNames, refuseServersOwn } from "./identifiers.ts";
import { marksOfTable } from "./marks.ts";
import { withoutOwnTypes } from "./own-types.ts";
import type { PostgresParts } from "./parts.ts";
import { retrySerialization } from "./retry.ts";
import { saveRows } from "./save.ts";
import type { SaveRequest } from "./save-plan.ts";
import { planSchema, type SchemaPlan } from "./schema-plan.ts";
import { requireOrdered } from "./types.ts";

type BatchOptions = PostgresSaveOptions & { backup?: boolean };

/**
 * Saves frames as tables, each save in one transaction. A new table gets the frame's types; in one that is there the rows are
 * replaced, added or upserted, while its views, grants, indexes and foreign keys stay.
 */
export class PostgresSaver implements IDataSaver, IBatchSaver, IDelete, IIdentified, IKeepsMarks {
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
    assertOwnOptions(options);
    const { signal, onProgress, backup = false } = options;
    signal?.throwIfAborted();
    const frame = this.#parts.canonical(destination);
    const iterator = requireBatches(batches, { storage: "postgres", frame })[Symbol.asyncIterator]();
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
      return await this.#save(request, () => rows, {
        ...options,
        backup,
        onRows: (count) => onProgress?.({ rows: count }),
      });
    } finally {
      await iterator.return?.();
    }
  }

  /**
   * What saving this frame would change in the database besides rows: the statements in order, each with its reason. A save runs
   * exactly these. Looks only.
   *
   * @example
   * const { statements } = await saver.planSchema(quotes, "quotes", { mode: "append" });
   */
  async planSchema(data: DataFrame, destination: string, options: PostgresSaveOptions = {}): Promise<SchemaPlan> {
    assertOwnOptions(options);
    const frame = this.#parts.canonical(destination);
    return planSchema(this.#parts, this.#request(frame, checkedFields(data, options, frame), options));
  }

  async deleteData(name: string): Promise<boolean> {
    return this.#parts.exclusive(name, () => deleteTable(this.#parts, name));
  }

  async keptMarks(destination: string): Promise<KeptMarks | null> {
    return keptMarksOf(await marksOfTable(this.#parts, destination));
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
    assertOwnOptions(options, "backup");
    const { signal, key, onProgress } = options;
    signal?.throwIfAborted();
    const frame = this.#parts.canonical(destination);
    const fields = checkedFields(data, options, frame);
    const request = this.#request(frame, fields, options);
    // What the caller does to the frame meanwhile changes nothing.
    const whole = sliceOf(data, 0, heightOf(data));
    if (key) await requireKey(whole, key, { storage: "postgres", frame });
    const totalRows = heightOf(whole);
    const onRows = (rows: number) => onProgress?.({ rows, totalRows });
    return this.#save(request, () => pieces(whole, fields, this.#parts.config), {
      ...options,
      backup,
      onRows,
      again: true,
    });
  }

  #request(frame: string, fields: readonly FrameField[], options: PostgresSaveOptions): SaveRequest {
    const { mode = "replace", schemaChange = "evolve", key, timeColumn } = options;
    const { keepOrder = false, widenToText = false, run } = options;
    const place = { storage: "postgres", frame };
    checkColumnNames(
      fields.map(({ name }) => name),
      frame,
    );
    if (timeColumn !== undefined) requireTime(fields, timeColumn, frame);
    if (key) requireColumns({ fields }, key, place);
    for (const { name, type } of fields) if (key?.includes(name)) requireOrdered(parseType(type), name, frame);
    const name = this.#parts.table(frame);
    refuseScratchName(name.table, "postgres");
    refuseServersOwn(name, frame);
    return { frame, name, fields, mode, schemaChange, widenToText, key, timeColumn, keepOrder, run };
  }

  async #save(
    request: SaveRequest,
    rows: () => AsyncIterable<Table>,
    { backup, signal, onRows, again = false }: BatchOptions & { onRows(rows: number): void; again?: boolean },
  ): Promise<boolean> {
    const { database, exclusive, logger } = this.#parts;
    const { fence } = request.run ?? {};
    // What another database knows can't be asked within the transaction.
    const inside = fence?.database === this.#parts.databaseId ? fence : undefined;
    const saving = () => saveRows(database, request, { rows: rows(), signal, onRows, logger, fence: inside });
    const once = () => (fence && !inside ? fence.hold(() => saving()) : saving());
    // Batches come only once.
    const save = again ? () => retrySerialization(once, signal) : once;
    const work = backup ? () => this.#backup().backUpThenSave(request.frame, save, signal) : save;
    await exclusive(request.frame, work, signal);
    return true;
  }
}

/** @param except which only another call takes. */
function assertOwnOptions(options: BatchOptions, except = ""): void {
  assertSaveOptions(options, exceptOption(postgresRules, except));
  if (options.mode !== "insertOnly" || options.key !== undefined) return;
  throw new ConfigError('mode "insertOnly" tells rows apart by key, and no key was given.', {
    storage: "postgres",
    hint: 'Name the columns that tell rows apart: { mode: "insertOnly", key: ["id"] }.',
  });
}

/** A frame's rows in the types in which they are sent. */
async function rowsOf(data: DataFrame, fields: readonly FrameField[], config: PostgresParts["config"]): Promise<Table> {
  const columns = fields.map(({ name, type }) => ({ name, type: parseType(type) }));
  return toArrow(await withoutOwnTypes(data, columns), config);
}

/** Cells of a piece: about 10 MB, made in some 20 ms. */
const pieceCells = 1 << 20;

/** A frame piece by piece, so that the server gets the first rows while the others are still being made ready. */
async function* pieces(
  data: DataFrame,
  fields: readonly FrameField[],
  config: PostgresParts["config"],
): AsyncGenerator<Table> {
  const most = Math.max(1, Math.floor(pieceCells / Math.max(1, fields.length)));
  // The server waits for the first one.
  let rows = Math.ceil(most / 8);
  for (let at = 0; at < heightOf(data); at += rows, rows = most) yield rowsOf(sliceOf(data, at, rows), fields, config);
}

function checkedFields(data: DataFrame, { schema }: PostgresSaveOptions, frame: string): readonly FrameField[] {
  requireFrame(data, "postgres", frame);
  const { fields } = schemaOf(data);
  if (!schema) return fields;
  assertSchema(data, schema, { storage: "postgres", frame });
  const nullable = new Map(readSchema(schema).fields.map((field) => [field.name, field.nullable]));
  return fields.map((field) => ({ ...field, nullable: nullable.get(field.name) ?? true }));
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

import { stat } from "node:fs/promises";
import { isScratchName } from "../../backups/service.ts";
import type { IBatchSource } from "../../contracts/batches.ts";
import type { IDataSource } from "../../contracts/data-source.ts";
import type { FrameDescription, IDescribe } from "../../contracts/describe.ts";
import type { IIdentified } from "../../contracts/identity.ts";
import type { ReadOptions } from "../../contracts/read-options.ts";
import { heightOf, lazyOf } from "../../frame/access.ts";
import { defaultBatchRows } from "../../frame/batches.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { assertRead, requireColumns } from "../../frame/schema.ts";
import { applyReadOptions } from "../../frame/time-range.ts";
import { assertReadOptions, exceptOption } from "../options.ts";
import { tempCapabilities } from "./capabilities.ts";
import type { TempFiles } from "./files.ts";
import { holdTemp, readTemp } from "./reader.ts";

const rules = { type: "temp", capabilities: tempCapabilities };

/** Reads the frames that services keep between two steps. */
export class TempSource implements IDataSource, IBatchSource, IDescribe, IIdentified {
  readonly storageId: string;
  readonly #files: TempFiles;

  constructor(files: TempFiles) {
    this.#files = files;
    this.storageId = files.storageId;
  }

  /** The frame as it was saved. `schema` is compared with it: Arrow files know their types. */
  async getData(source: string, options: ReadOptions = {}): Promise<DataFrame> {
    assertReadOptions(options, exceptOption(rules, "batchRows"));
    const name = this.#files.name(source);
    await this.#files.sweep();
    options.signal?.throwIfAborted();
    const { frame, schema, timeColumn } = await readTemp(this.#files, name);
    const about = { storage: "temp", frame: name };
    assertRead(frame, { schema: options.schema }, about);
    requireColumns(schema, options.columns ?? [], about);
    const narrowed = [options.columns, options.from, options.to, options.limit, options.timeColumn];
    if (narrowed.every((option) => option === undefined)) return frame;
    const part = await applyReadOptions(lazyOf(frame), schema, options, timeColumn).collect();
    options.signal?.throwIfAborted();
    return part;
  }

  /** One piece of the file is in memory at a time. The file is held open: every piece is of the frame that stood there at first. */
  async *getBatches(source: string, options: ReadOptions & { batchRows?: number } = {}): AsyncGenerator<DataFrame> {
    assertReadOptions(options, rules);
    const {
      batchRows = defaultBatchRows,
      schema: declared,
      limit = Number.POSITIVE_INFINITY,
      signal,
      ...part
    } = options;
    const name = this.#files.name(source);
    await this.#files.sweep();
    await using held = await holdTemp(this.#files, name);
    const { lazy, schema, rows, timeColumn } = held;
    const about = { storage: "temp", frame: name };
    assertRead(await lazy.head(0).collect(), { schema: declared }, about);
    let left = limit;
    for (let at = 0, given = 0; at < Math.max(rows, 1) && (left > 0 || given === 0); at += batchRows) {
      signal?.throwIfAborted();
      const slice = applyReadOptions(lazy.slice(at, batchRows), schema, part, timeColumn, about);
      const batch = await (Number.isFinite(left) ? slice.head(left) : slice).collect();
      // A frame without rows is one empty piece, for its columns.
      if (heightOf(batch) === 0 && (given > 0 || at + batchRows < rows)) continue;
      assertRead(batch, { schema: declared, columns: part.columns }, about);
      left -= heightOf(batch);
      given += 1;
      yield batch;
    }
  }

  async listSources(): Promise<string[]> {
    await this.#files.sweep();
    return (await this.#files.list()).filter((name) => !isScratchName(name));
  }

  async describe(name: string): Promise<FrameDescription> {
    await using held = await holdTemp(this.#files, this.#files.name(name));
    const { schema, rows, timeColumn, key } = held;
    const { size, mtime } = await stat(this.#files.path(name));
    return {
      schema,
      rows,
      bytes: size,
      modified: mtime,
      ...(timeColumn !== undefined && { timeColumn }),
      ...(key && { key }),
    };
  }

  async healthCheck(): Promise<boolean> {
    return this.#files.usable();
  }
}

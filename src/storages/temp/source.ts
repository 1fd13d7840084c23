import { stat } from "node:fs/promises";
import { isScratchName } from "../../backups/service.ts";
import type { IBatchSource } from "../../contracts/batches.ts";
import type { IDataSource } from "../../contracts/data-source.ts";
import type { FrameDescription, IDescribe } from "../../contracts/describe.ts";
import type { IIdentified } from "../../contracts/identity.ts";
import type { ReadOptions } from "../../contracts/read-options.ts";
import { heightOf, lazyOf } from "../../frame/access.ts";
import { sliceFrame } from "../../frame/batches.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { assertSchema, requireColumns } from "../../frame/schema.ts";
import { applyReadOptions } from "../../frame/time-range.ts";
import { assertReadOptions, exceptOption } from "../options.ts";
import { tempCapabilities } from "./capabilities.ts";
import type { TempFiles } from "./files.ts";
import { readTemp } from "./reader.ts";

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
    if (options.schema) assertSchema(frame, options.schema, about);
    requireColumns(schema, options.columns ?? [], about);
    const narrowed = [options.columns, options.from, options.to, options.limit, options.timeColumn];
    if (narrowed.every((option) => option === undefined)) return frame;
    const part = await applyReadOptions(lazyOf(frame), schema, options, timeColumn).collect();
    options.signal?.throwIfAborted();
    return part;
  }

  async *getBatches(source: string, options: ReadOptions & { batchRows?: number } = {}): AsyncGenerator<DataFrame> {
    const { batchRows, ...rest } = options;
    assertReadOptions({ batchRows }, rules);
    const frame = await this.getData(source, rest);
    for (const batch of sliceFrame(frame, batchRows ?? 65_536)) {
      options.signal?.throwIfAborted();
      yield batch;
    }
  }

  async listSources(): Promise<string[]> {
    await this.#files.sweep();
    return (await this.#files.list()).filter((name) => !isScratchName(name));
  }

  async describe(name: string): Promise<FrameDescription> {
    const { frame, schema, timeColumn, key } = await readTemp(this.#files, this.#files.name(name));
    const { size, mtime } = await stat(this.#files.path(name));
    return {
      schema,
      rows: heightOf(frame),
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

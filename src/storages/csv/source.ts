import { isScratchName } from "../../backups/service.ts";
import type { IBatchSource } from "../../contracts/batches.ts";
import type { IDataSource } from "../../contracts/data-source.ts";
import type { FrameDescription, IDescribe } from "../../contracts/describe.ts";
import type { IIdentified } from "../../contracts/identity.ts";
import type { ReadOptions } from "../../contracts/read-options.ts";
import { lazyOf } from "../../frame/access.ts";
import { sliceFrame } from "../../frame/batches.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { readSchema, requireColumns } from "../../frame/schema.ts";
import { applyReadOptions } from "../../frame/time-range.ts";
import { assertReadOptions, exceptOption } from "../options.ts";
import { csvCapabilities } from "./capabilities.ts";
import type { CsvFiles } from "./files.ts";

const rules = { type: "csv", capabilities: csvCapabilities };

/** Reads CSV files below FS_DATA, those of other programs too. */
export class CsvSource implements IDataSource, IBatchSource, IDescribe, IIdentified {
  readonly storageId: string;
  readonly #files: CsvFiles;

  constructor(files: CsvFiles) {
    this.#files = files;
    this.storageId = files.storageId;
  }

  /**
   * The frame in a file. One that millrace wrote comes back exactly. Of any other the types are found from all of its values:
   * what is not surely a number, a truth value or a time stays text.
   *
   * @throws CorruptDataError for a file that is no CSV, with the line; SchemaError for a value that is not of its declared type.
   */
  async getData(source: string, options: ReadOptions = {}): Promise<DataFrame> {
    assertReadOptions(options, exceptOption(rules, "batchRows"));
    const name = this.#files.name(source);
    const { signal } = options;
    const schema = options.schema && readSchema(options.schema);
    const timed = options.from !== undefined || options.to !== undefined;
    const read = await this.#files.reader.read(name, {
      schema,
      signal,
      ...(!timed && { limit: options.limit, columns: options.columns }),
    });
    requireColumns(read.schema, options.columns ?? [], { storage: "csv", frame: name });
    const { columns, limit, timeColumn } = options;
    if (!columns && !timed && limit === undefined && timeColumn === undefined) return read.frame;
    const part = applyReadOptions(lazyOf(read.frame), read.schema, options, read.kept?.timeColumn);
    const frame = await part.collect();
    signal?.throwIfAborted();
    return frame;
  }

  /** The file is read whole first; only then are there batches. */
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
    return (await this.#files.folder.list()).filter((name) => !isScratchName(name));
  }

  /** Of a file that another program wrote, all is read to find its types. */
  async describe(name: string): Promise<FrameDescription> {
    const whole = this.#files.name(name);
    const { schema, rows, bytes, modified, kept } = await this.#files.reader.describe(whole);
    return {
      ...{ schema, rows, bytes, modified },
      ...(kept?.timeColumn !== undefined && { timeColumn: kept.timeColumn }),
      ...(kept?.key && { key: [...kept.key] }),
    };
  }

  async healthCheck(): Promise<boolean> {
    return this.#files.usable();
  }
}

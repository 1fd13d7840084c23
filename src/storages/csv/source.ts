import { isScratchName } from "../../backups/service.ts";
import type { IBatchSource } from "../../contracts/batches.ts";
import type { IDataSource } from "../../contracts/data-source.ts";
import type { FrameDescription, IDescribe } from "../../contracts/describe.ts";
import type { IIdentified } from "../../contracts/identity.ts";
import { ConfigError, InvalidNameError, NotFoundError } from "../../errors.ts";
import { heightOf, sliceOf } from "../../frame/access.ts";
import { defaultBatchRows, sliceFrame } from "../../frame/batches.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { readSchema } from "../../frame/schema.ts";
import { assertReadOptions, exceptOption } from "../options.ts";
import { csvCapabilities } from "./capabilities.ts";
import type { CsvFiles } from "./files.ts";
import { globPattern, isPattern, patternHint } from "./glob.ts";
import { readMany } from "./many.ts";
import { assertCsvOptions, type CsvReadOptions } from "./options.ts";
import { joinFrames, type ReadRequest } from "./reading.ts";

const rules = { type: "csv", capabilities: csvCapabilities };

/** Reads CSV files below FS_DATA, those of other programs too. */
export class CsvSource implements IDataSource, IBatchSource, IDescribe, IIdentified {
  readonly storageId: string;
  readonly cutsByBytes = true;
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
  async getData(source: string, options: CsvReadOptions = {}): Promise<DataFrame> {
    assertReadOptions(options, exceptOption(rules, "batchRows"));
    const request = requestOf(options);
    if (!options.glob) return (await this.#files.reader.read(this.#name(source), request)).frame;
    const frames: DataFrame[] = [];
    for await (const frame of readMany(this.#files.reader, await this.#matching(source), request)) frames.push(frame);
    return joinFrames(frames);
  }

  /** In constant memory: a file of another program is read twice, the first time for its types. */
  async *getBatches(source: string, options: CsvReadOptions & { batchRows?: number } = {}): AsyncGenerator<DataFrame> {
    assertReadOptions(options, rules);
    const request = requestOf(options);
    const { reader } = this.#files;
    const frames = options.glob
      ? readMany(reader, await this.#matching(source), request)
      : reader.readBatches(this.#name(source), request);
    let empty: DataFrame | undefined;
    let rows = 0;
    for await (const frame of frames) {
      empty ??= sliceOf(frame, 0, 0);
      if (heightOf(frame) === 0) continue;
      rows += heightOf(frame);
      for (const batch of sliceFrame(frame, options.batchRows ?? defaultBatchRows)) {
        options.signal?.throwIfAborted();
        yield batch;
      }
    }
    if (rows === 0 && empty) yield empty;
  }

  async listSources(): Promise<string[]> {
    return (await this.#files.folder.list()).filter((name) => !isScratchName(name));
  }

  /** @throws InvalidNameError, which says how a pattern is read. */
  #name(source: string): string {
    try {
      return this.#files.name(source);
    } catch (cause) {
      if (!(cause instanceof InvalidNameError) || !isPattern(source)) throw cause;
      throw new InvalidNameError(cause.message, { storage: "csv", frame: source, cause, hint: patternHint });
    }
  }

  async #matching(pattern: string): Promise<string[]> {
    if (typeof pattern !== "string")
      throw new ConfigError("With glob, a pattern of names is given.", { storage: "csv" });
    const matches = globPattern(pattern);
    const names = (await this.listSources()).filter((name) => matches.test(name));
    if (names.length > 0) return names;
    throw new NotFoundError(`No file in csv matches "${pattern}".`, {
      storage: "csv",
      frame: pattern,
      hint: "A pattern is that of whole names, as `millrace list csv` shows them: prices/*.csv.",
    });
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

function requestOf(options: CsvReadOptions): ReadRequest {
  assertCsvOptions(options);
  const { glob: _, includeFile, schema, ...request } = options;
  const fileColumn = includeFile === true ? "file" : includeFile || undefined;
  return { ...request, schema: schema && readSchema(schema), fileColumn };
}

import type { IBatchSource } from "../../contracts/batches.ts";
import type { IDataSource } from "../../contracts/data-source.ts";
import type { ReadOptions } from "../../contracts/read-options.ts";
import type { IStamped } from "../../contracts/stamped.ts";
import type { DataFrame } from "../../frame/polars.ts";
import type { Reader } from "../incremental/reader.ts";
import { batchesWithin, fitBatches } from "./budget.ts";
import type { Part } from "./part.ts";
import type { SourcePlace } from "./places.ts";

/** A source as the steps of a run have it: an incremental one gives only what is new, and a plan sees what it would have saved. */
export class RunSource implements IDataSource {
  readonly storageId: string;
  /** Where the source tells one state of a frame from another. */
  readonly stamp?: IStamped["stamp"];
  readonly #part: () => Part;
  readonly #source: IDataSource;
  readonly #reader: Reader | undefined;
  readonly #keepsNulls: boolean;
  readonly #takes: readonly string[] | undefined;

  constructor(part: () => Part, { source, id, options }: SourcePlace, reader?: Reader) {
    const { planned } = part().scope.session;
    this.storageId = id;
    this.#part = part;
    this.#source = planned ? planned.over(source, id) : source;
    this.#reader = reader;
    this.#takes = options;
    this.#keepsNulls = options?.includes("nullTimes") ?? false;
    if (!planned && !reader && "stamp" in source && typeof source.stamp === "function") {
      this.stamp = source.stamp.bind(source) as IStamped["stamp"];
    }
  }

  async getData(source: string, options: ReadOptions = {}): Promise<DataFrame> {
    this.#part().scope.signal.throwIfAborted();
    const reader = this.#reader;
    const range = reader?.options ?? {};
    // Rows that came without a time would else never be seen.
    const timeless = range.timeColumn !== undefined && this.#keepsNulls ? { nullTimes: "keep" as const } : {};
    const frame = await this.#source.getData(source, { ...options, ...range, ...timeless });
    return reader ? reader.take(frame) : frame;
  }

  /** In pieces where the source has them; an incremental read comes in one. */
  async *getBatches(source: string, options: ReadOptions & { batchRows?: number } = {}): AsyncGenerator<DataFrame> {
    const { batchRows, ...read } = options;
    if (this.#reader || !("getBatches" in this.#source)) {
      yield await this.getData(source, read);
      return;
    }
    const { config } = this.#part().scope.session;
    const batched = this.#source as IDataSource & IBatchSource;
    yield* fitBatches(
      await batchesWithin(batched, source, options, { config, takes: this.#takes }),
      config,
      options.signal,
    );
  }

  listSources(): Promise<string[]> {
    return this.#source.listSources();
  }

  healthCheck(): Promise<boolean> {
    return this.#source.healthCheck();
  }
}

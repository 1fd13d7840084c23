import { createHash } from "node:crypto";
import type { CalculationMemory } from "../contracts/calculation-memory.ts";
import type { IDataSource } from "../contracts/data-source.ts";
import type { IDescribe } from "../contracts/describe.ts";
import type { IStamped } from "../contracts/stamped.ts";
import { NotFoundError } from "../errors.ts";
import { lazyOf } from "../frame/access.ts";
import { contentHash } from "../frame/content-hash.ts";
import { plainName } from "../frame/names.ts";
import type { DataFrame } from "../frame/polars.ts";
import { type Assignment, storageId } from "./destinations.ts";

/** Where the results of a calculator are remembered, and whether they are still there. */
export interface CacheRequest {
  readonly memory?: CalculationMemory | undefined;
  readonly dataSource: IDataSource;
  readonly dataSaver: object;
  /** Reads where results are saved; undefined when nothing can. */
  readonly results: IDataSource | undefined;
  /** Names that stand there; null when nothing can tell. */
  readonly standing: ReadonlySet<string> | null;
  readonly signal?: AbortSignal | undefined;
}

/** What a result is made of: a calculator of one version, one input. */
export class CachedResult {
  readonly #request: CacheRequest;
  readonly #assignment: Assignment;
  readonly #key: string;
  readonly #version: string;
  #stamp: string | null = null;

  /** `null` for a calculator without a version, or a request without a memory: then every result is made anew. */
  static of(
    request: CacheRequest,
    assignment: Assignment,
    { name, version, options }: { name: string; version: string | undefined; options: unknown },
  ): CachedResult | null {
    if (version === undefined || !request.memory) return null;
    return new CachedResult(request, assignment, name, JSON.stringify([version, options ?? null]));
  }

  private constructor(request: CacheRequest, assignment: Assignment, name: string, version: string) {
    this.#request = request;
    this.#assignment = assignment;
    this.#version = version;
    const { source, destination } = assignment;
    const places = [storageId(request.dataSource) ?? "", storageId(request.dataSaver) ?? ""];
    this.#key = digest([name, ...places, source, destination]);
  }

  /** Whether the source says by itself, without being read, that the result is made of the same. */
  async isCurrentUnread(): Promise<boolean> {
    const { dataSource } = this.#request;
    if (!isStamped(dataSource)) return false;
    this.#stamp = digest([this.#version, "stamp", await dataSource.stamp(this.#assignment.source)]);
    return this.#isKept();
  }

  /** Whether the result is made of this input. */
  async isCurrent(input: DataFrame): Promise<boolean> {
    if (this.#stamp !== null) return false;
    this.#stamp = digest([this.#version, "content", await contentHash(lazyOf(input), this.#request.signal)]);
    return this.#isKept();
  }

  /** The result is saved. */
  async keep(): Promise<void> {
    if (this.#stamp === null) return;
    await this.#request.memory?.keepCalculation(this.#key, `${this.#stamp} ${await this.#resultStamp()}`);
  }

  async #isKept(): Promise<boolean> {
    const { memory, standing } = this.#request;
    if (standing && !standing.has(plainName(this.#assignment.destination))) return false;
    const kept = await memory?.lastCalculation(this.#key);
    if (!kept?.startsWith(`${this.#stamp} `)) return false;
    return kept === `${this.#stamp} ${await this.#resultStamp()}`;
  }

  /** What stands at the destination, as cheaply as it can be told: it changes when another writer, an undo or a restore put something else there. */
  async #resultStamp(): Promise<string> {
    const { results } = this.#request;
    const { destination } = this.#assignment;
    try {
      if (results && isStamped(results)) return digest([await results.stamp(destination)]);
      if (!results || !isDescribing(results)) return "unknown";
      const { modified, bytes, rows } = await results.describe(destination);
      return digest([modified.toISOString(), String(bytes), String(rows)]);
    } catch (cause) {
      if (cause instanceof NotFoundError) return "gone";
      throw cause;
    }
  }
}

function isStamped(source: object): source is IStamped {
  return "stamp" in source && typeof source.stamp === "function";
}

function isDescribing(source: object): source is IDescribe {
  return "describe" in source && typeof source.describe === "function";
}

/** So that neither names nor contents make a key or a stamp long. */
function digest(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

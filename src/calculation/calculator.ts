import type { DataFrame } from "nodejs-polars";
import type { Config } from "../config/settings.ts";
import type { CalculationMemory } from "../contracts/calculation-memory.ts";
import type { ICalculator } from "../contracts/calculator.ts";
import type { IDataBackup } from "../contracts/data-backup.ts";
import type { IDataSaver } from "../contracts/data-saver.ts";
import type { IDataSource } from "../contracts/data-source.ts";
import type { DeclaredSchema } from "../contracts/frame-schema.ts";
import type { Logger } from "../contracts/logger.ts";
import type { ReadOptions } from "../contracts/read-options.ts";
import type { SaveOptions } from "../contracts/save-options.ts";
import { ConfigError, SaveError } from "../errors.ts";
import { heightOf } from "../frame/access.ts";
import { plainName } from "../frame/names.ts";
import { assertSchema, readSchema, requireFrame } from "../frame/schema.ts";
import { CachedResult, type CacheRequest } from "./cached.ts";
import { type Assignment, assignDestinations, samePlace } from "./destinations.ts";
import { inParallel } from "./parallel.ts";
import type { CalculationReport } from "./report.ts";

/** The parts of `runCompleteCalculation`, by name. */
export interface CalculationRequest {
  /** Where frames come from. */
  readonly dataSource: IDataSource;
  /** Where results go. */
  readonly dataSaver: IDataSaver;
  /** Without one, nothing is backed up, and the log warns of it. */
  readonly backupService?: IDataBackup | undefined;
  /** Names to calculate, in an array; all of `listSources()` when left out. */
  readonly sources?: readonly string[] | undefined;
  /** Remembers of what results were made, so that a calculator with a `version` skips what is unchanged. */
  readonly memory?: CalculationMemory | undefined;
  /**
   * Reads where the saver saves, to see whether an unchanged result still stands there, and for `runCalculators` to read results. Left
   * out, it is `dataSource` when both speak to one place.
   */
  readonly results?: IDataSource | undefined;
  /** Calculates also what is unchanged. */
  readonly force?: boolean | undefined;
  /** Ends the calculation: no further source is begun, and the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What a calculator gives for one source: a frame, or nothing to have that source skipped. */
export type Calculated = DataFrame | null | undefined;

/** A calculator by its class or its name, or the name of a source. */
export type Dependency = string | (abstract new (config: Config, logger: Logger) => Calculator);

/**
 * Turns frames from a source into frames in a saver. Extend it and write `calculate`; the rest (loading,
 * backing up what stands at the destination, saving, one report for each source) is done here.
 */
export abstract class Calculator implements ICalculator {
  /** Every setting with its value. */
  protected readonly config: Config;
  /** The service's logger. */
  protected readonly logger: Logger;
  /** What others name it by in `dependsOn`, and the memory. Default: the name of its class. */
  readonly name: string = this.constructor.name;
  /** Changes when results would; with it and a `memory`, a source that is unchanged is skipped. */
  readonly version?: string;
  /** Calculators, by class or name, whose results it takes, and names of sources; `runCalculators` keeps to it. */
  readonly dependsOn?: readonly Dependency[];
  /** How many sources are worked on at once. */
  readonly concurrency: number = 4;
  /**
   * The columns that `calculate` needs, such as a `frameSchema`; a frame may have others besides. The source is asked to read
   * them so, and a frame that does not fit fails before it is calculated.
   */
  readonly input?: DeclaredSchema;
  /** The columns of every result, neither more nor fewer. A result that does not fit fails before anything is backed up or saved. */
  readonly output?: DeclaredSchema;

  constructor(config: Config, logger: Logger) {
    this.config = config;
    this.logger = logger;
  }

  /** The result for one source. A source without rows is not calculated but skipped. */
  abstract calculate(frame: DataFrame, source: string): Calculated | Promise<Calculated>;

  /** The name of a source's result. Without this method it is the source's own, less a csv ending. */
  destination?(source: string): string;

  /** How the result for one source is saved. Without this method: in place of the old frame. */
  saveOptions?(source: string): SaveOptions;

  /**
   * Loads, calculates, backs up and saves, up to `concurrency` sources at once. Resolves with one report for
   * each source, in their order; one that fails stops no other.
   *
   * @throws ConfigError when the source or the saver is missing or `sources` is no array of names.
   * @throws ConfigError when a result would be saved onto its own input and there is no `destination` method.
   * @throws ConflictError when two sources would be saved under one name. Nothing is saved then.
   */
  runCompleteCalculation(
    dataSource: IDataSource,
    dataSaver: IDataSaver,
    backupService: IDataBackup,
    sources?: string[],
  ): Promise<CalculationReport[]>;
  runCompleteCalculation(request: CalculationRequest): Promise<CalculationReport[]>;
  async runCompleteCalculation(
    first: IDataSource | CalculationRequest,
    dataSaver?: IDataSaver,
    backupService?: IDataBackup,
    sources?: string[],
  ): Promise<CalculationReport[]> {
    const request = asRequest(first, dataSaver, backupService, sources);
    request.signal?.throwIfAborted();
    const names = [...new Set(request.sources ?? (await request.dataSource.listSources()))];
    const assignments = assignDestinations(
      names,
      samePlace(request.dataSource, request.dataSaver),
      this.destination && ((source) => this.#chosen(source)),
    );
    const cache = await this.#cacheOf(request, assignments);
    if (names.length === 0) this.logger.warn("Nothing to calculate: the source has no frames.");
    else if (!request.backupService) this.logger.warn("No backup service was given: nothing is backed up.");
    const reports = await inParallel(assignments, this.concurrency, request.signal, (assignment) =>
      this.#runOne(assignment, request, cache),
    );
    request.signal?.throwIfAborted();
    return reports;
  }

  /** `true` unless a calculator with needs of its own overrides it. Must not throw, must answer within 5 s. */
  async healthCheck(): Promise<boolean> {
    return true;
  }

  async #runOne(assignment: Assignment, request: CalculationRequest, cache: CacheRequest): Promise<CalculationReport> {
    const { source, destination } = assignment;
    const began = performance.now();
    let backup: string | null = null;
    const report = (
      status: CalculationReport["status"],
      { rows = 0, reason = null, error = null }: Partial<CalculationReport> = {},
    ): CalculationReport => {
      const durationMs = Math.round(performance.now() - began);
      const whole = { source, destination, rows, status, reason, backup, error, durationMs };
      this.#log(whole);
      return whole;
    };
    try {
      const options = this.#saveOptionsFor(source, request.signal);
      const { signal: _, ...remembered } = options ?? {};
      const cached = CachedResult.of(cache, assignment, {
        name: this.name,
        version: this.version,
        options: [remembered, this.input ?? null, this.output ?? null],
      });
      const again = request.force !== true;
      if ((await cached?.isCurrentUnread()) && again) return report("skipped", { reason: "unchanged" });
      const input = await request.dataSource.getData(source, this.#readOptions(request.signal));
      if (heightOf(input) === 0) return report("skipped", { reason: "no rows" });
      if (this.input) assertSchema(input, this.input, { frame: source }, { others: true });
      if ((await cached?.isCurrent(input)) && again) return report("skipped", { reason: "unchanged" });
      const result = await this.calculate(input, source);
      if (result === null || result === undefined) return report("skipped", { reason: "no result" });
      requireFrame(result, undefined, source);
      if (this.output) assertSchema(result, this.output, { frame: destination });
      request.signal?.throwIfAborted();
      backup = await backUp(destination, request.backupService);
      if ((await request.dataSaver.saveData(result, destination, options)) !== true) {
        throw new SaveError(`The saver refused "${destination}".`, { frame: destination });
      }
      await cached?.keep();
      return report("saved", { rows: heightOf(result) });
    } catch (cause) {
      return report("failed", { error: cause instanceof Error ? cause : new Error(String(cause), { cause }) });
    }
  }

  /** Asks once what stands at the destinations: a result that is gone is made again. */
  async #cacheOf(request: CalculationRequest, assignments: readonly Assignment[]): Promise<CacheRequest> {
    const { dataSource, dataSaver, memory, signal } = request;
    const results = request.results ?? (samePlace(dataSource, dataSaver) ? dataSource : undefined);
    const asked = memory && this.version !== undefined && assignments.length > 0;
    const standing = asked && results ? new Set((await results.listSources()).map(plainName)) : null;
    return { memory, dataSource, dataSaver, results, standing, signal };
  }

  #chosen(source: string): string {
    const destination: unknown = this.destination?.(source);
    if (typeof destination === "string" && destination !== "") return destination;
    throw new ConfigError(`destination("${source}") gave no name.`, { frame: source });
  }

  #readOptions(signal: AbortSignal | undefined): ReadOptions | undefined {
    if (!this.input && !signal) return undefined;
    return { ...(this.input && { schema: readSchema(this.input) }), ...(signal && { signal }) };
  }

  #saveOptionsFor(source: string, signal: AbortSignal | undefined): SaveOptions | undefined {
    const options = this.saveOptions?.(source);
    return signal ? { ...options, signal } : options;
  }

  #log(report: CalculationReport): void {
    const { source, destination, rows, status, reason, backup, durationMs, error } = report;
    const fields = { source, destination, rows, backup, durationMs };
    if (status === "saved") this.logger.info(fields, `Calculated ${source}: ${rows} rows saved as ${destination}.`);
    else if (reason === "unchanged") {
      this.logger.info(fields, `Skipped ${source}: unchanged since version ${this.version} calculated it.`);
    } else if (status === "skipped") this.logger.info(fields, `Skipped ${source}: nothing to save.`);
    else this.logger.error({ ...fields, err: error }, `Calculating ${source} failed. ${error?.message}`);
  }
}

/** Location of the new backup; `null` when nothing stands there. */
async function backUp(destination: string, service: IDataBackup | undefined): Promise<string | null> {
  if (!service) return null;
  const [ok, location] = await service.backupData(destination);
  return ok ? location : null;
}

function asRequest(
  first: IDataSource | CalculationRequest,
  dataSaver: IDataSaver | undefined,
  backupService: IDataBackup | undefined,
  sources: readonly string[] | undefined,
): CalculationRequest {
  const named = typeof first === "object" && first !== null && "dataSource" in first;
  const request = named ? first : { dataSource: first, dataSaver, backupService, sources };
  if (!request.dataSource || !request.dataSaver) {
    throw new ConfigError("A calculation needs a source and a saver.", {
      hint: "Call runCompleteCalculation(dataSource, dataSaver, backupService, sources).",
    });
  }
  requireNames(request.sources);
  return request as CalculationRequest;
}

/** Text has letters to walk through as an array has names: it must not pass for one. */
function requireNames(sources: unknown): void {
  if (sources === undefined || sources === null) return;
  if (Array.isArray(sources) && sources.every((name) => typeof name === "string")) return;
  throw new ConfigError("`sources` must be an array of names.", {
    hint: 'Give one name as ["prices"], or leave `sources` out for all of them.',
  });
}

import type { CursorRecord, ILedger, RunRecord } from "../contracts/ledger.ts";
import type { Logger } from "../contracts/logger.ts";
import type { RunEvent } from "../contracts/run-event.ts";
import type { DataFactory } from "../factory/data-factory.ts";
import type { DataFrame } from "../frame/polars.ts";
import type { PipelineDefinition } from "./definition.ts";
import type { PipelinePlan } from "./plan/plan.ts";
import type { RetriedRows } from "./quarantine.ts";
import type { RunResult } from "./result.ts";
import type { UndoneDestination } from "./undo.ts";

/** With what a pipeline works. All parts are optional: without a factory one is made from the app's config, and closed again. */
export interface RunSurroundings {
  /** The factory that its storages come from. It stays open. */
  readonly factory?: DataFactory | undefined;
  /** As in `getConfigLogger(name, config)`. */
  readonly config?: string | Readonly<Record<string, unknown>> | undefined;
  /** Default: the one that comes with the config. */
  readonly logger?: Logger | undefined;
  /** Where the run is recorded. Default: the one that LEDGER names. */
  readonly ledger?: ILedger | undefined;
}

/** What a run is asked for. */
export interface RunOptions extends RunSurroundings {
  /** Ends the run; it is `stopped` then and can be gone on with. SIGTERM and SIGINT do the same unless `signals` is false. */
  readonly signal?: AbortSignal | undefined;
  /** Whether SIGTERM and SIGINT end the run. Default: true. */
  readonly signals?: boolean | undefined;
  /** Fills a range anew: `from <= cursor < to`, in windows. The steps' cursors stay as they are. */
  readonly from?: string | Date | undefined;
  /** The range's end, which is not part of it. Default: open. */
  readonly to?: string | Date | undefined;
  /** Only these sources. */
  readonly sources?: readonly string[] | undefined;
  /** Called with everything that happens, in order. */
  readonly onEvent?: ((event: RunEvent) => void) | undefined;
  /** Default: a live view on a terminal, else lines in the log. */
  readonly show?: "live" | "lines" | "none" | undefined;
}

/** A definition that was checked. Made by `definePipeline`. */
export interface Pipeline {
  /** Tells it from a step, which has a `run` too. */
  readonly kind: "pipeline";
  /** As it was defined. */
  readonly name: string;
  /** What it was defined with. */
  readonly definition: PipelineDefinition;

  /**
   * Runs it once, and resolves when all of it is done.
   *
   * @throws RunFailure when a step failed; its `result` says what was done. The signal's reason when the run was stopped.
   * @throws ConflictError RUN_OVERLAP when another run is under way and `onOverlap` says so.
   */
  run(options?: RunOptions): Promise<RunResult>;

  /**
   * Goes on with a run that failed, was stopped or was killed: by its id, or the last one. What was done is not done again.
   *
   * @throws NotFoundError RUN_NOT_FOUND
   */
  resume(run?: string, options?: RunOptions): Promise<RunResult>;

  /**
   * Puts a run into the queue that `QUEUE` names, and resolves with its id at once: a worker begins it.
   *
   * @throws ConfigError when there is no queue, or when a storage can be seen by this machine alone.
   */
  enqueue(options?: Omit<RunOptions, "signal" | "signals" | "onEvent" | "show">): Promise<string>;

  /** What a run would do now. Writes nothing. */
  plan(options?: Omit<RunOptions, "onEvent" | "show">): Promise<PipelinePlan>;

  /**
   * Puts every destination of a run back as it was before: rows, schema and cursor. Only for pipelines with `undoable: true`.
   *
   * @throws ConflictError UNDO_REFUSED when a later run touched one of them; nothing is changed then.
   */
  undo(run: string, options?: RunSurroundings): Promise<UndoneDestination[]>;

  /** The runs that the ledger knows, newest first. */
  runs(options?: RunSurroundings & { readonly limit?: number }): Promise<RunRecord[]>;

  /** One run with its steps and sources. @throws NotFoundError RUN_NOT_FOUND */
  show(run: string, options?: RunSurroundings): Promise<RunResult>;

  /** How far incremental steps have come. */
  readonly state: PipelineState;

  /** Rows that were put aside. */
  readonly quarantine: PipelineQuarantine;
}

export interface PipelineState {
  /** By reader, `step/source`. */
  show(options?: RunSurroundings): Promise<CursorRecord[]>;
  /** The next run reads from there. What stands at the destination from there on is not added twice. */
  set(reader: string, value: string | Date, options?: RunSurroundings): Promise<void>;
  /** The next run reads all anew: of one reader, or of all. */
  reset(reader?: string, options?: RunSurroundings): Promise<void>;
}

export interface PipelineQuarantine {
  /**
   * Checks rows that were put aside again and loads those that hold now, each exactly once; the others stay.
   *
   * @param destination such as `postgres:prices`.
   */
  retry(destination: string, options?: RunSurroundings & RetryOptions): Promise<RetriedRows>;
}

export interface RetryOptions {
  /** Mends the rows first. */
  readonly mend?: ((rows: DataFrame) => DataFrame | Promise<DataFrame>) | undefined;
}

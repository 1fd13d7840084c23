import type { ILedger, RunRecord } from "../contracts/ledger.ts";
import type { Logger } from "../contracts/logger.ts";
import type { RunEvent } from "../contracts/run-event.ts";
import type { DataFactory } from "../factory/data-factory.ts";
import type { PipelineDefinition } from "./definition.ts";
import type { RunResult } from "./result.ts";

/** With what a pipeline runs. All parts are optional: without a factory one is made from the app's config, and closed. */
export interface RunSurroundings {
  readonly factory?: DataFactory;
  /** As in `getConfigLogger(name, config)`. */
  readonly config?: string | Readonly<Record<string, unknown>>;
  readonly logger?: Logger;
  readonly ledger?: ILedger;
}

export interface RunOptions extends RunSurroundings {
  /** Ends the run; it is `stopped` then and can be resumed. SIGTERM and SIGINT do the same unless `signals` is false. */
  readonly signal?: AbortSignal;
  readonly signals?: boolean;
  /** Fills a range anew: `from <= cursor < to`. The steps' cursors stay as they are. */
  readonly from?: string | Date;
  readonly to?: string | Date;
  /** Only these sources. */
  readonly sources?: readonly string[];
  readonly onEvent?: (event: RunEvent) => void;
  /** How progress is shown on stderr. Default: a live view on a terminal, else one line for each step. */
  readonly show?: "live" | "lines" | "none";
}

/** A definition that was checked. */
export interface Pipeline {
  readonly name: string;
  readonly definition: PipelineDefinition;
  /** Runs it once. Resolves when the run has ended, however it ended. @throws ConflictError RUN_OVERLAP */
  run(options?: RunOptions): Promise<RunResult>;
  /** Goes on with a run that ended early: by its id, or the last one. */
  resume(run?: string, options?: RunOptions): Promise<RunResult>;
  /** The runs that the ledger knows, newest first. */
  runs(options?: RunSurroundings & { limit?: number }): Promise<RunRecord[]>;
}

import type { Config } from "../../config/settings.ts";
import type { ILedger, RunRequest } from "../../contracts/ledger.ts";
import type { Logger } from "../../contracts/logger.ts";
import type { RunEvent } from "../../contracts/run-event.ts";
import type { DataFactory } from "../../factory/data-factory.ts";
import type { ReadyStep } from "../normalize.ts";
import type { PlannedFrames } from "../plan/planned.ts";
import type { Touches } from "./touches.ts";

type Bare<T> = T extends RunEvent ? Omit<T, "at" | "run" | "pipeline"> : never;

/** An event without what is the same for the whole run. */
export type Happening = Bare<RunEvent>;

/** What all of a run shares. */
export interface Session {
  readonly id: string;
  readonly pipeline: string;
  readonly factory: DataFactory;
  readonly config: Config;
  readonly logger: Logger;
  readonly ledger: ILedger;
  readonly request: RunRequest;
  /** When the run was begun first. */
  readonly began: Date;
  /** Aborted when the run is to end, with the reason. */
  readonly signal: AbortSignal;
  readonly touches: Touches;
  /** Where a plan keeps what a run would save; undefined in a run. */
  readonly planned?: PlannedFrames | undefined;
  emit(event: Happening): void;
  /** Does work the first time that this process is asked for it in the run. */
  once(key: string, work: () => Promise<unknown>): Promise<unknown>;
}

/** One step of a run under way. */
export interface StepScope {
  readonly session: Session;
  readonly step: ReadyStep;
  /** Carries the run and the step in every line. */
  readonly logger: Logger;
  /** Aborted also by the step's own deadline. */
  readonly signal: AbortSignal;
}

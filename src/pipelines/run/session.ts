import type { Config } from "../../config/settings.ts";
import type { ILedger, RunRequest } from "../../contracts/ledger.ts";
import type { Logger } from "../../contracts/logger.ts";
import type { RunEvent } from "../../contracts/run-event.ts";
import type { SaveFence } from "../../contracts/run-mark.ts";
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
  /** It goes on with what an earlier process began: any of its sources may have been saved. */
  readonly resumed?: boolean;
  /** Aborted when the run is to end, with the reason. */
  readonly signal: AbortSignal;
  readonly touches: Touches;
  /** Names of sources that steps had to choose from. */
  readonly offered: Set<string>;
  /** Where a plan keeps what a run would save; undefined in a run. */
  readonly planned?: PlannedFrames | undefined;
  /** Only in a queue. */
  readonly seat?: Seat | undefined;
  emit(event: Happening): void;
  /** Does work the first time that this process is asked for it in the run. */
  once(key: string, work: () => Promise<unknown>): Promise<unknown>;
}

/** A run's place in a queue: how its sources are spread over workers, and what keeps those apart that work on the same. */
export interface Seat {
  readonly fence: SaveFence;
  /** Of the process that leads the run: gives the sources away, and resolves when all of them have ended in the ledger. */
  readonly spread?: ((scope: StepScope, sources: readonly SpreadSource[]) => Promise<void>) | undefined;
  /** Of a process that works on one source of one step. */
  readonly only?: SpreadSource | undefined;
  /** The claim on the pipeline was lost: nothing may be recorded any more. */
  readonly onLost?: (() => void) | undefined;
  /** For events of this run, besides the listeners of this process. */
  readonly onEvent: (event: RunEvent) => void;
  readonly touches: (undoable: boolean) => Touches;
  readonly once: Session["once"];
}

/** A source as its work is given away. */
export interface SpreadSource {
  /** As the ledger names it, with its window. */
  readonly source: string;
  /** The name in the storage. */
  readonly of: string;
  /** How often it was begun before: what it saves may stand there. */
  readonly tries: number;
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

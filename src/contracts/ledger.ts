import type { CalculationMemory } from "./calculation-memory.ts";
import type { ScheduleMemory } from "./schedule.ts";

/** How far a run, a step or a source is. A run whose process was killed is `interrupted`, one that was asked to end `stopped`. */
export type RunState = "running" | "done" | "failed" | "stopped" | "interrupted" | "skipped" | "undone";
/** How far a step or a source is. `pending`: not begun. `skipped`: there was nothing to do. */
export type StepState = "pending" | "running" | "done" | "failed" | "stopped" | "skipped";

/** An error as it is kept: never with a password. */
export interface KeptError {
  /** One of docs/errors.md; missing for errors of other libraries. */
  readonly code?: string;
  /** The error's class. */
  readonly name: string;
  /** What happened, in one sentence. */
  readonly message: string;
  /** What to do next. */
  readonly hint?: string;
  /** The frame concerned. */
  readonly frame?: string;
  /** Type of the storage concerned. */
  readonly storage?: string;
  /** Whether trying again may help. */
  readonly retryable: boolean;
}

/** What a run was asked for. */
export interface RunRequest {
  /** A range to fill, as ISO texts. */
  readonly from?: string;
  readonly to?: string;
  /** Only these sources. */
  readonly sources?: readonly string[];
}

/** What a run took of the process that leads it, measured. */
export interface RunSpent {
  /** The most memory that the process held (resident set). */
  readonly peakBytes: number;
  /** The longest time that its event loop was blocked. */
  readonly stallMs: number;
}

/** One execution of a pipeline. */
export interface RunRecord {
  /** Unique, and sorted by time. */
  readonly id: string;
  /** The pipeline's name. */
  readonly pipeline: string;
  /** The pipeline's version then. */
  readonly version: string;
  /** How far it is, or how it ended. */
  readonly state: RunState;
  /** When it began. */
  readonly began: Date;
  /** When it ended; null while it runs. */
  readonly ended: Date | null;
  /** How often it was gone on with after it had ended early. */
  readonly resumed: number;
  /** Who runs it: host and process. */
  readonly by: string;
  /** The range and the sources that were asked for. */
  readonly request: RunRequest;
  /** The run and step that it is part of, when another pipeline has it as a step. */
  readonly parent: string | null;
  /** Rows saved, by all steps together. */
  readonly rows: number;
  /** Bytes of these rows in memory. */
  readonly bytes: number;
  /** What made it fail; null when nothing did. */
  readonly error: KeptError | null;
  /** Null while it is under way, and for one that was killed. */
  readonly spent?: RunSpent | null;
}

/** One step of a run. */
export interface StepRecord {
  /** The run's id. */
  readonly run: string;
  /** Its place, from 0. */
  readonly index: number;
  /** The step's name. */
  readonly name: string;
  /** What it does: `scrape`, `calculate`, `copy`, `run` or `pipeline`. */
  readonly kind: string;
  /** How far it is, or how it ended. */
  readonly state: StepState;
  /** When it began; null before. */
  readonly began: Date | null;
  /** When it ended; null before. */
  readonly ended: Date | null;
  /** Rows saved, by all its sources together. */
  readonly rows: number;
  /** Bytes of these rows in memory. */
  readonly bytes: number;
  /** What made it fail; null when nothing did. */
  readonly error: KeptError | null;
}

/** One source of a step. A step that works as a whole has the one source `*`. */
export interface SourceRecord {
  /** The run's id. */
  readonly run: string;
  /** The step's name. */
  readonly step: string;
  /** The source's name, with its window when a range is read in windows: `prices@2024-01-01..2024-01-02`. */
  readonly source: string;
  /** How far it is, or how it ended. */
  readonly state: StepState;
  /** How often it was tried. */
  readonly attempts: number;
  /** Rows saved. */
  readonly rows: number;
  /** Bytes of these rows in memory. */
  readonly bytes: number;
  /** How long it took, in milliseconds, tries and waits included. */
  readonly durationMs: number;
  /** What made it fail; null when nothing did. */
  readonly error: KeptError | null;
  /** The cursor after it. */
  readonly cursor: string | null;
  /** Why it was skipped, or what is to be known of it: one sentence. */
  readonly note: string | null;
}

/** What came of a step's sources, in sums. */
export interface SourceTotals {
  readonly count: number;
  readonly failed: number;
  readonly rows: number;
  readonly bytes: number;
}

/** How far an incremental reader has come. */
export interface CursorRecord {
  /** The pipeline's name. */
  readonly pipeline: string;
  /** `step/source`. */
  readonly reader: string;
  /** An instant with the precision of its column, as ISO text. */
  readonly value: string;
  /** The run that moved it; null when `state.set` did. */
  readonly run: string | null;
  /** When it was last moved. */
  readonly changed: Date;
  /** It was set by hand, and counts for more than what is kept with the data. */
  readonly forced: boolean;
}

/** What a run did to one destination, kept so that it can be undone and that later runs are known. */
export interface TouchRecord {
  /** The run's id. */
  readonly run: string;
  /** The step that first saved there. */
  readonly step: string;
  /** The storage's id: type and place. */
  readonly storage: string;
  /** The type by which the factory finds the storage. */
  readonly type: string;
  /** The name there. */
  readonly destination: string;
  /** Grows with every touch, over all runs. */
  readonly sequence: number;
  /** How what stood there before is found again; null for runs that can't be undone. */
  readonly before: TouchBefore | null;
}

/** What stood at a destination before a run: nothing, a snapshot in the storage itself, a backup; or the storage can keep none. */
export type TouchBefore =
  | { readonly kind: "nothing" }
  | { readonly kind: "snapshot"; readonly name: string }
  | { readonly kind: "backup"; readonly location: string }
  | { readonly kind: "unknown" };

/** A claim on a pipeline. While it is held no other process that shares the ledger runs that pipeline. */
export interface Claim extends AsyncDisposable {
  /** Aborted when the claim was lost, as when the ledger's server went away. */
  readonly lost: AbortSignal;
}

/** Where runs, their steps, sources and cursors are recorded. Every change is durable against a kill once its promise resolves. */
export interface ILedger extends ScheduleMemory, CalculationMemory, AsyncDisposable {
  /** Null when another process holds it. */
  claim(pipeline: string): Promise<Claim | null>;

  /** The caller holds the claim. Runs of the pipeline that were under way are `interrupted` then. */
  beginRun(run: Pick<RunRecord, "id" | "pipeline" | "version" | "by" | "request" | "parent">): Promise<void>;
  /** Goes on with a run that ended early: it is `running` again. */
  resumeRun(id: string, by: string): Promise<void>;
  /** Records how a run ended. */
  endRun(
    id: string,
    end: Pick<RunRecord, "state" | "rows" | "bytes" | "error"> & { readonly spent?: RunSpent | null },
  ): Promise<void>;
  /** Newest first. Runs whose process is gone show as `interrupted`. */
  runs(filter?: { pipeline?: string; parent?: string; limit?: number }): Promise<RunRecord[]>;
  /** One run; null when there is none of that id. */
  run(id: string): Promise<RunRecord | null>;

  /** Records a step, in place of what was known of it. */
  putStep(step: StepRecord): Promise<void>;
  /** The steps of a run, in order. */
  steps(run: string): Promise<StepRecord[]>;

  /** Records a source of a step, in place of what was known of it. */
  putSource(source: SourceRecord): Promise<void>;
  /** Of a run, of one of its steps, or one source alone. */
  sources(run: string, step?: string, source?: string): Promise<SourceRecord[]>;
  /** Of all sources of a step, without reading each. */
  sourceTotals(run: string, step: string): Promise<SourceTotals>;

  /** Moves a reader's cursor. */
  putCursor(cursor: Omit<CursorRecord, "changed">): Promise<void>;
  /** All cursors of a pipeline. */
  cursors(pipeline: string): Promise<CursorRecord[]>;
  /** Without a reader all of the pipeline's. */
  dropCursors(pipeline: string, reader?: string): Promise<void>;

  /** Drops runs beyond the newest `keep` of a pipeline, with all that is kept of them, and resolves with the touches that went. */
  prune(pipeline: string, keep: number): Promise<TouchRecord[]>;

  /** Keeps the first touch of a run on a destination; further ones change nothing. */
  putTouch(touch: Omit<TouchRecord, "sequence">): Promise<void>;
  /** What a run did, or what all runs did to one destination; oldest first. */
  touches(filter: { run: string } | { storage: string; destination: string }): Promise<TouchRecord[]>;
  /** What stood there before can't be brought back any more. */
  forgetBefore(touch: Pick<TouchRecord, "run" | "storage" | "destination">): Promise<void>;

  /** A text that is remembered under a name: such as numbers of rows for `drift`. */
  recall(kind: string, name: string): Promise<string | null>;
  /** With `previous` only when that is what is remembered (null: nothing); resolves with whether it was. */
  remember(kind: string, name: string, value: string, previous?: string | null): Promise<boolean>;
}

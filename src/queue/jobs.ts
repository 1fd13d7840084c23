import type { RunRequest } from "../contracts/ledger.ts";

/** What a job of a run carries. */
export interface RunJob {
  readonly pipeline: string;
  readonly run: string;
  readonly request: RunRequest;
  /** Goes on with that run. */
  readonly resume: boolean;
  /** Waits for another run of the pipeline, whatever its definition says: nobody is there to hear that it was in the way. */
  readonly waits?: boolean;
}

/** What a job of one source of one step carries. Frames never travel: they go through storages that all workers see. */
export interface SourceJob {
  readonly pipeline: string;
  readonly run: string;
  readonly step: string;
  readonly source: string;
  /** The source's name in its storage, where that is another. */
  readonly of?: string;
  /** How often it was begun before this job was made. */
  readonly tries?: number;
  readonly request?: RunRequest;
  /** When the run was begun first, as ISO text. */
  readonly began: string;
}

/** What a run's job leaves behind. */
export interface RunOutput {
  /** The run that it became. */
  readonly run?: string;
  readonly skipped?: boolean;
  readonly error?: { readonly name: string; readonly message: string; readonly code?: string; readonly hint?: string };
}

/** One try at a job: by its number it is told from the tries of other workers at the same job. */
export interface Attempt<T extends object = object> {
  readonly queue: string;
  readonly id: string;
  readonly retryCount: number;
  readonly data: T;
}

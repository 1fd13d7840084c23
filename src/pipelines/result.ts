import type { RunRecord, SourceRecord, StepRecord } from "../contracts/ledger.ts";

/** What became of a run: its row of the ledger, and those of its steps and sources. */
export interface RunResult extends RunRecord {
  /** Its steps in order, each with its sources. */
  readonly steps: readonly (StepRecord & { readonly sources: readonly SourceRecord[] })[];
  /** The error itself, when this process saw it; the ledger keeps its text. */
  readonly cause: unknown;
}

import type { BrokenCheck } from "./check.ts";
import type { KeptError, RunSpent, RunState, StepState } from "./ledger.ts";

interface Happened {
  readonly at: Date;
  readonly run: string;
  readonly pipeline: string;
}

interface InStep extends Happened {
  readonly step: string;
}

interface InSource extends InStep {
  readonly source: string;
}

/** What happens in a run, in order. `onEvent` gets them; the live view, the log and the telemetry are made from them. */
export type RunEvent =
  /** The run waits in a queue until a worker begins it. */
  | (Happened & { readonly type: "run-queued"; readonly queue: string })
  | (Happened & {
      readonly type: "run-started";
      readonly version: string;
      readonly resumed: boolean;
      readonly steps: readonly string[];
    })
  | (InStep & { readonly type: "step-started"; readonly kind: string })
  /** The step's sources are known: so many, of which so many were done before the run was gone on with. */
  | (InStep & { readonly type: "step-sources"; readonly total: number; readonly done: number })
  | (InSource & { readonly type: "source-started"; readonly attempt: number })
  | (InSource & { readonly type: "source-progress"; readonly rows: number; readonly totalRows?: number })
  | (InSource & {
      readonly type: "source-retrying";
      readonly attempt: number;
      readonly waitMs: number;
      readonly error: KeptError;
    })
  | (InSource & {
      readonly type: "source-ended";
      readonly state: StepState;
      readonly rows: number;
      readonly bytes: number;
      readonly durationMs: number;
      readonly attempts: number;
      readonly error: KeptError | null;
      readonly note: string | null;
    })
  | (InSource & {
      readonly type: "checks-broken";
      readonly destination: string;
      readonly broken: readonly BrokenCheck[];
      /** Rows that were put aside. */
      readonly quarantined: number;
    })
  | (InStep & {
      readonly type: "step-ended";
      readonly state: StepState;
      readonly rows: number;
      readonly bytes: number;
      readonly durationMs: number;
      readonly error: KeptError | null;
    })
  | (Happened & {
      readonly type: "run-ended";
      readonly state: RunState;
      readonly rows: number;
      readonly bytes: number;
      readonly durationMs: number;
      readonly error: KeptError | null;
      readonly spent: RunSpent;
      /** What was more than the budget allows; empty when it was kept, or there is none. */
      readonly over: readonly string[];
    });

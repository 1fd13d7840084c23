import type { ILedger, RunRecord } from "../../contracts/ledger.ts";
import type { RunResult } from "../result.ts";

/** A run with its steps and sources, as the ledger has them. */
export async function resultOf(ledger: ILedger, record: RunRecord, cause?: unknown): Promise<RunResult> {
  const [steps, sources] = [await ledger.steps(record.id), await ledger.sources(record.id)];
  return {
    ...record,
    steps: steps.map((step) => ({ ...step, sources: sources.filter((source) => source.step === step.name) })),
    cause,
  };
}

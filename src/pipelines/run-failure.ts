import { RunError } from "../errors.ts";
import type { RunResult } from "./result.ts";

/** A run that failed, with all that the ledger has of it in `result`. */
export class RunFailure extends RunError {
  /** What was done, and what was not. */
  readonly result: RunResult;

  constructor(result: RunResult) {
    const { pipeline, error, id } = result;
    const step = result.steps.find(({ state }) => state === "failed");
    const failed = step?.sources.filter(({ state }) => state === "failed") ?? [];
    const [first] = failed;
    const source =
      first && first.source !== "*"
        ? ` of "${first.source}"${failed.length > 1 ? ` (and ${failed.length - 1} more)` : ""}`
        : "";
    const where = step ? ` in step ${step.name}${source}` : "";
    super(`${pipeline} failed${where}: ${error?.message ?? "without a reason"}`, {
      cause: result.cause,
      hint: `${error?.hint ?? "Mend it."} Then go on with resume("${id}"), or \`millrace resume\`.`,
      ...(error?.code === "RUN_DEADLINE" && { code: "RUN_DEADLINE" }),
      ...(error?.frame !== undefined && { frame: error.frame }),
      ...(error?.storage !== undefined && { storage: error.storage }),
    });
    this.result = result;
  }
}

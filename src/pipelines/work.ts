/** All that a pipeline's methods do. `define.ts` loads it on first use. */
export { planPipeline } from "./plan/plan.ts";
export { retryQuarantine } from "./quarantine.ts";
export { queueEngine } from "./run/queue-engine.ts";
export { resultOf } from "./run/result.ts";
export { runPipeline } from "./run/run-pipeline.ts";
export { surround } from "./run/surroundings.ts";
export { stateOf } from "./state.ts";
export { undoRun } from "./undo.ts";

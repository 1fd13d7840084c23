import { ConfigError } from "../errors.ts";
import type { PipelineDefinition } from "./definition.ts";
import { noRun } from "./ledger/no-run.ts";
import { readySteps } from "./normalize.ts";
import type { Pipeline, RunOptions, RunSurroundings } from "./pipeline.ts";
import { planPipeline } from "./plan/plan.ts";
import { retryQuarantine } from "./quarantine.ts";
import { queueEngine } from "./run/queue-engine.ts";
import { resultOf } from "./run/result.ts";
import { type Ready, runPipeline } from "./run/run-pipeline.ts";
import { surround } from "./run/surroundings.ts";
import { stateOf } from "./state.ts";
import { undoRun } from "./undo.ts";

/**
 * A pipeline: what it does, when, and what is to happen when something goes wrong.
 *
 * @throws ConfigError that lists all that is wrong with the definition.
 *
 * @example
 * export default definePipeline({
 *   name: "daily-prices",
 *   copy: { from: "csv:prices", to: ["postgres", "arctic"], mode: "upsert", key: ["symbol", "ts"] },
 * });
 */
export function definePipeline(definition: PipelineDefinition): Pipeline {
  const steps = readySteps(definition, (value) => made.has(value as Pipeline));
  const ready: Ready = { definition, steps };
  const { name } = definition;
  const pipeline: Pipeline = {
    kind: "pipeline",
    name,
    definition,
    run: (options: RunOptions = {}) => runPipeline(ready, {}, options),
    resume: (run, options = {}) => runPipeline(ready, { resume: run ?? "last" }, options),
    async enqueue(options = {}) {
      await using around = await surround(name, options);
      return await (await queueEngine()).enqueue(ready, {}, options, around);
    },
    plan: (options = {}) => planPipeline(ready, options),
    undo: (run, options = {}) => undoRun(ready, run, options),
    async runs({ limit = 100, ...options }: RunSurroundings & { limit?: number } = {}) {
      await using around = await surround(name, options);
      return await around.ledger.runs({ pipeline: name, limit });
    },
    async show(run, options = {}) {
      await using around = await surround(name, options);
      const found = await around.ledger.run(run);
      if (found?.pipeline === name) return await resultOf(around.ledger, found);
      throw await noRun(around.ledger, run, { what: `${name} has`, pipeline: name });
    },
    state: stateOf(ready),
    quarantine: { retry: (destination, options = {}) => retryQuarantine(ready, destination, options) },
  };
  made.set(pipeline, ready);
  return pipeline;
}

const made = new WeakMap<Pipeline, Ready>();

/** A pipeline's definition with its steps made ready. */
export function readyOf(pipeline: Pipeline): Ready {
  const found = made.get(pipeline);
  if (found) return found;
  throw new ConfigError(`"${pipeline.name}" was not made by definePipeline of this copy of millrace.`);
}

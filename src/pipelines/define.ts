import { ConfigError } from "../errors.ts";
import type { PipelineDefinition } from "./definition.ts";
import { noRun } from "./ledger/no-run.ts";
import { readySteps } from "./normalize.ts";
import type { Pipeline, RunOptions, RunSurroundings } from "./pipeline.ts";
import type { Ready } from "./run/run-pipeline.ts";
import type * as Work from "./work.ts";

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
    run: async (options: RunOptions = {}) => (await work()).runPipeline(ready, {}, options),
    resume: async (run, options = {}) => (await work()).runPipeline(ready, { resume: run ?? "last" }, options),
    async enqueue(options = {}) {
      const { queueEngine, surround } = await work();
      await using around = await surround(name, options);
      return await (await queueEngine()).enqueue(ready, {}, options, around);
    },
    plan: async (options = {}) => (await work()).planPipeline(ready, options),
    undo: async (run, options = {}) => (await work()).undoRun(ready, run, options),
    async runs({ limit = 100, ...options }: RunSurroundings & { limit?: number } = {}) {
      const { surround } = await work();
      await using around = await surround(name, options);
      return await around.ledger.runs({ pipeline: name, limit });
    },
    async show(run, options = {}) {
      const { resultOf, surround } = await work();
      await using around = await surround(name, options);
      const found = await around.ledger.run(run);
      if (found?.pipeline === name) return await resultOf(around.ledger, found);
      throw await noRun(around.ledger, run, { what: `${name} has`, pipeline: name });
    },
    state: {
      show: async (options = {}) => (await work()).stateOf(ready).show(options),
      set: async (reader, value, options = {}) => (await work()).stateOf(ready).set(reader, value, options),
      reset: async (reader, options = {}) => (await work()).stateOf(ready).reset(reader, options),
    },
    quarantine: {
      retry: async (destination, options = {}) => (await work()).retryQuarantine(ready, destination, options),
    },
  };
  made.set(pipeline, ready);
  return pipeline;
}

/** What runs pipelines, loaded when the first one is run: `import "millrace"` stays light. */
function work(): Promise<typeof Work> {
  return import("./work.ts");
}

const made = new WeakMap<Pipeline, Ready>();

/** A pipeline's definition with its steps made ready. */
export function readyOf(pipeline: Pipeline): Ready {
  const found = made.get(pipeline);
  if (found) return found;
  throw new ConfigError(`"${pipeline.name}" was not made by definePipeline of this copy of millrace.`);
}

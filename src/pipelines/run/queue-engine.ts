import { ConfigError } from "../../errors.ts";
import type { RunOptions } from "../pipeline.ts";
import type { RunResult } from "../result.ts";
import type { Ready, Wanted } from "./run-pipeline.ts";
import type { Surroundings } from "./surroundings.ts";

/** Runs pipelines elsewhere. It builds on pipelines, so that it has to make itself known to them. */
export interface QueueEngine {
  /** Puts a run into the queue, and resolves with its id. */
  enqueue(ready: Ready, wanted: Wanted, options: RunOptions, around: Surroundings): Promise<string>;
  /** The same, and then shows what becomes of it, as if it ran here. */
  follow(ready: Ready, wanted: Wanted, options: RunOptions, around: Surroundings): Promise<RunResult>;
}

let load: (() => Promise<QueueEngine>) | undefined;

export function registerQueue(loader: () => Promise<QueueEngine>): void {
  load = loader;
}

export async function queueEngine(): Promise<QueueEngine> {
  if (load) return load();
  throw new ConfigError("This program has no queue.", { hint: 'Import definePipeline from "millrace".' });
}

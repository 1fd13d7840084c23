import { AsyncLocalStorage } from "node:async_hooks";

const current = new AsyncLocalStorage<string>();

/** Runs work as part of a run of a pipeline: what it records, such as changes of a table, carries the run's id. */
export function inRun<T>(id: string, work: () => T): T {
  return current.run(id, work);
}

/** The id of the run that the present work belongs to, when there is one. */
export function currentRun(): string | undefined {
  return current.getStore();
}

/**
 * Pipelines spread over workers, by pg-boss on the user's PostgreSQL.
 *
 * @module
 */
export type { DeadJob, QueueStatus } from "./operate.ts";
export { openQueue, type Queue } from "./queue.ts";
export { type RunningWorker, startWorker, type WorkerOptions } from "./worker.ts";

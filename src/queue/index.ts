/**
 * Pipelines spread over workers, by pg-boss on the user's PostgreSQL.
 *
 * @module
 */
import "../system/node-version.ts";

export type { DeadJob, QueueStatus } from "./operate.ts";
export type { WorkerPresence } from "./presence.ts";
export { openQueue, type Queue, type QueueControl } from "./queue.ts";
export { type RunningWorker, startWorker, type WorkerOptions } from "./worker.ts";

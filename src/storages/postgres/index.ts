/**
 * Frames as tables of a PostgreSQL database: a server's, or the embedded one of the project.
 *
 * @module
 */
import "../../system/node-version.ts";

export { PostgresBackup } from "./backup/service.ts";
export type { PostgresSaveOptions } from "./capabilities.ts";
export { embeddedStatus, embeddedUrl, stopEmbedded } from "./embedded/status.ts";
export type { OwnTables } from "./own-tables.ts";
export type { PlannedStatement } from "./save-plan.ts";
export { PostgresSaver } from "./saver.ts";
export type { SchemaPlan } from "./schema-plan.ts";
export { PostgresSource } from "./source.ts";
export { PostgresStorage } from "./storage.ts";

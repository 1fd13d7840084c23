import { z } from "zod";

/** Milliseconds from `500`, `"500ms"`, `"60s"`, `"15m"`, `"12h"` or `"7d"`. */
const duration = z.union([z.number().nonnegative(), z.string()]).transform((value, context) => {
  if (typeof value === "number") return value;
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/.exec(value.trim());
  if (!match) {
    context.addIssue({ code: "custom", message: "expected a duration such as 500ms, 60s, 15m, 12h or 7d" });
    return z.NEVER;
  }
  const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  return Number(match[1]) * unit[(match[2] ?? "ms") as keyof typeof unit];
});

const text = z.string().min(1);
const flag = z.union([z.boolean(), z.stringbool()]);

/**
 * Every setting, once. The order is that of docs/configuration.md, which is written from this table.
 * A setting without a default is optional.
 */
export const settings = z.looseObject({
  DB_SERVER: text.default("localhost").describe("Host of the PostgreSQL server, or the folder of its Unix socket."),
  DB_PORT: z.coerce.number().int().min(1).max(65535).default(5432).describe("Port of the PostgreSQL server."),
  DB_NAME: text.default("my_project").describe("Database. It is created where the user may."),
  DB_USER: text.default("postgres").describe("User of the database."),
  DB_PASSWORD: z.string().default("password").describe("Password of that user. Never logged."),
  DB_SCHEMA: text.default("public").describe("Schema that plain names stand in."),
  DB_EMBEDDED: z
    .enum(["auto", "always", "never"])
    .optional()
    .describe("Use the embedded PostgreSQL. Default: auto when nothing names a server, else never."),
  DB_IDLE: duration.default(60_000).describe("How long the embedded PostgreSQL stays after its last user."),
  DB_POOL: z.coerce.number().int().min(1).max(100).default(10).describe("Connections at most, for one process."),
  FS_DATA: text.default("./data").describe("Folder of the csv storage and of everything embedded."),
  FS_TEMP: text.default("./temp").describe("Folder of the temp storage."),
  FS_BACKUP: text.optional().describe("Folder of the backups. Default: FS_DATA/backups."),
  BACKUP_KEEP: z.coerce.number().int().min(1).default(10).describe("Backups of each name that saveWithBackup keeps."),
  TEMP_MAX_AGE: duration.default(7 * 86_400_000).describe("Age at which temp frames are removed."),
  LOCK_TIMEOUT: duration.default(30_000).describe("How long a writer waits for another one on the same name."),
  ARCTIC_HOST: text
    .default("localhost")
    .describe("localhost (LMDB under FS_DATA/arctic), host[:port] of an S3-compatible server, or an ArcticDB URI."),
  ARCTIC_LIBRARY: text.default("my_project_data").describe("ArcticDB library. It is created."),
  ARCTIC_BUCKET: text.optional().describe("Bucket on the S3-compatible server. It is not created."),
  ARCTIC_ACCESS_KEY: text.optional().describe("Access key for the bucket."),
  ARCTIC_SECRET_KEY: text.optional().describe("Secret key for the bucket. Never logged."),
  ARCTIC_REGION: text.optional().describe("Region of the bucket."),
  ARCTIC_TLS: flag.default(true).describe("Whether to reach the S3-compatible server by https."),
  ARCTIC_PYTHON: text.optional().describe("A Python that has arcticdb already; nothing is installed then."),
  ARCTIC_INSTALL: z
    .enum(["auto", "never"])
    .default("auto")
    .describe("Whether the first read or write may install ArcticDB's Python environment."),
  ARCTIC_IDLE: duration.default(60_000).describe("How long the ArcticDB worker stays after its last client."),
  ARCTIC_TIMEOUT: duration.default(300_000).describe("How long one ArcticDB request may take."),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error", "silent"]).optional().describe("Least level that is logged."),
});

/** The settings after checking. Fields that millrace does not know pass through as the app gave them. */
export type Config = z.output<typeof settings>;

import { z } from "zod";
import { anyText, duration, flag, oneOf, size, text, whole } from "./values.ts";

/** What is known of a setting besides its type; given with `.meta()`. */
export interface SettingMeta {
  readonly description?: string;
  /** Names that also set it, weaker than its own: those of PostgreSQL's own tools. */
  readonly aliases?: readonly string[];
  /** Its default is part of the built-in fallback, which NODE_ENV=production does not accept. */
  readonly fallback?: true;
  /** It is never shown: `true` all of it, `"uri"` the parts of a URI that hold keys. */
  readonly secret?: true | "uri";
  /** An empty value is a value, rather than none. */
  readonly mayBeEmpty?: true;
}

const meta = (description: string, more: SettingMeta = {}): SettingMeta & Record<string, unknown> => ({
  description,
  ...more,
});

/**
 * Every setting, once. The order is that of docs/configuration.md, which is written from this table.
 * A setting without a default is optional.
 */
export const settings = z.looseObject({
  DB_SERVER: text
    .default("localhost")
    .meta(
      meta("Host of the PostgreSQL server, or the folder of its Unix socket.", { aliases: ["PGHOST"], fallback: true }),
    ),
  DB_PORT: whole(1, 65535)
    .default(5432)
    .meta(meta("Port of the PostgreSQL server.", { aliases: ["PGPORT"] })),
  DB_NAME: text
    .default("my_project")
    .meta(meta("Database. It is created where the user may.", { aliases: ["PGDATABASE"], fallback: true })),
  DB_USER: text.default("postgres").meta(meta("User of the database.", { aliases: ["PGUSER"], fallback: true })),
  DB_PASSWORD: anyText.default("password").meta(
    meta("Password of that user; may be empty.", {
      aliases: ["PGPASSWORD"],
      fallback: true,
      secret: true,
      mayBeEmpty: true,
    }),
  ),
  DATABASE_URL: text.optional().meta(
    meta("`postgres://user:password@host:port/database`: sets those DB_* that have no value of their own.", {
      secret: true,
    }),
  ),
  DB_TLS: oneOf("off", "require", "verify")
    .default("off")
    .meta(
      meta(
        "TLS to the server: `require` takes any certificate, `verify` (or `verify-full`) checks it. `sslmode` in DATABASE_URL sets it too.",
        {
          aliases: ["DB_SSL", "PGSSLMODE"],
        },
      ),
    ),
  DB_CA: text.optional().meta(
    meta(
      "File with the authorities, in PEM form, of which one signed the server's certificate. Default: those that Node knows.",
      {
        aliases: ["PGSSLROOTCERT"],
      },
    ),
  ),
  DB_SCHEMA: text.default("public").meta(meta("Schema that plain names stand in.")),
  DB_EMBEDDED: oneOf("auto", "always", "never")
    .optional()
    .meta(meta("Use the embedded PostgreSQL. Default: `auto` when nothing names a server, else `never`.")),
  DB_IDLE: duration.default(60_000).meta(meta("How long the embedded PostgreSQL stays after its last user.")),
  DB_STATEMENT_TIMEOUT: duration
    .default(0)
    .meta(meta("How long one statement may take on the server; a COPY of all rows is one. `0`: as long as it needs.")),
  DB_POOL: whole(1, 100).default(10).meta(meta("Connections at most, for one process.")),
  FS_DATA: text
    .default("./data")
    .meta(meta("Folder of the csv storage and of everything embedded.", { fallback: true })),
  FS_TEMP: text.default("./temp").meta(meta("Folder of the temp storage.", { fallback: true })),
  FS_BACKUP: text
    .optional()
    .meta(meta("Folder of the backups, or `s3://bucket/folder`. Default: `backups` in FS_DATA.")),
  BACKUP_S3_ENDPOINT: z
    .url({ protocol: /^https?$/, error: "expected an address such as https://host:9000" })
    .optional()
    .meta(meta("Address of the server of that bucket. Default: Amazon's.")),
  BACKUP_S3_REGION: text.default("us-east-1").meta(meta("Region of that bucket.")),
  BACKUP_S3_ACCESS_KEY: text.optional().meta(meta("Access key for that bucket.")),
  BACKUP_S3_SECRET_KEY: text.optional().meta(meta("Secret key for that bucket.", { secret: true })),
  BACKUP_KEEP: whole(1).default(10).meta(meta("Backups of each name that `saveWithBackup` keeps.")),
  BACKUP_MAX_AGE: duration
    .optional()
    .meta(meta("How old the newest proven backup of a frame may be while the backup service counts as healthy.")),
  TEMP_MAX_AGE: duration.default(7 * 86_400_000).meta(meta("Age at which temp frames are removed.")),
  LOCK_TIMEOUT: duration.default(30_000).meta(meta("How long a writer waits for another one on the same name.")),
  ARCTIC_HOST: text.default("localhost").meta(
    meta("`localhost` (LMDB under FS_DATA/arctic), host[:port] of an S3-compatible server, or an ArcticDB URI.", {
      fallback: true,
      secret: "uri",
    }),
  ),
  ARCTIC_LIBRARY: text.default("my_project_data").meta(meta("ArcticDB library. It is created.", { fallback: true })),
  ARCTIC_BUCKET: text.optional().meta(meta("Bucket on the S3-compatible server. It is not created.")),
  ARCTIC_ACCESS_KEY: text.optional().meta(meta("Access key for the bucket.")),
  ARCTIC_SECRET_KEY: text.optional().meta(meta("Secret key for the bucket.", { secret: true })),
  ARCTIC_REGION: text.optional().meta(meta("Region of the bucket.")),
  ARCTIC_TLS: flag.default(true).meta(meta("Whether to reach the S3-compatible server by https.")),
  ARCTIC_PYTHON: text.optional().meta(meta("A Python that has arcticdb already; nothing is installed then.")),
  ARCTIC_INSTALL: oneOf("auto", "never")
    .default("auto")
    .meta(meta("Whether the first read or write may install ArcticDB's Python environment.")),
  ARCTIC_KEEP_VERSIONS: whole(1)
    .default(10)
    .meta(meta("Versions of each symbol that stay, of those that millrace saved. What snapshots hold stays too.")),
  ARCTIC_IDLE: duration.default(60_000).meta(meta("How long the ArcticDB worker stays after its last client.")),
  ARCTIC_TIMEOUT: duration.default(300_000).meta(meta("How long one ArcticDB request may take.")),
  SERVICE_HOST: text
    .default("127.0.0.1")
    .meta(meta("Address that `millrace serve` listens on. Any but this machine's own needs SERVICE_TOKEN.")),
  SERVICE_PORT: whole(0, 65535).default(4160).meta(meta("Port of `millrace serve`; 0 for any that is free.")),
  SERVICE_NAMES: text
    .optional()
    .meta(meta("Further names that requests may ask for, parted by commas, as behind a reverse proxy.")),
  SERVICE_TOKEN: text.optional().meta(meta("What requests have to know, at least 16 characters.", { secret: true })),
  SERVICE_RATE: whole(1).default(100).meta(meta("Requests of one address that are answered in a second, on average.")),
  SCRAPE_USER_AGENT: text
    .optional()
    .meta(
      meta(
        "What scrapers call themselves, and the robot that robots.txt knows. Default: `millrace/<version> (+<scraper>)`.",
      ),
    ),
  SCRAPE_ALLOW_PRIVATE: text
    .optional()
    .meta(meta("Hosts, addresses and networks in private ranges that scrapers may ask, with commas between them.")),
  SCRAPE_CACHE_MB: whole(0)
    .default(256)
    .meta(
      meta("Megabytes of pages that are kept to ask for them with conditions (ETag, Last-Modified); 0 keeps none."),
    ),
  BUDGET_MEMORY: size
    .optional()
    .meta(
      meta(
        "Memory that runs of pipelines try to keep the process below, such as `256MB`: batches get as small as need be. A run that takes more says so.",
      ),
    ),
  BUDGET_STALL: duration
    .optional()
    .meta(meta("How long a run may block the event loop, such as `50ms`. One that blocks it for longer says so.")),
  LEDGER: z
    .union([oneOf("sqlite", "postgres"), z.string().regex(/^postgres(ql)?:\/\//)], {
      error: "expected sqlite, postgres, or postgres://user:password@host:port/database",
    })
    .default("sqlite")
    .meta(
      meta(
        "Where runs of pipelines are recorded: `sqlite` (a file in FS_DATA/.millrace), `postgres` (schema `millrace` of DB_NAME), or the `postgres://` URL of another database, for several machines.",
        { secret: "uri" },
      ),
    ),
  QUEUE: oneOf("none", "pg-boss")
    .default("none")
    .meta(
      meta(
        "Where runs are worked on: `none` in the process that begins them, `pg-boss` by workers, through the PostgreSQL that LEDGER names.",
      ),
    ),
  QUEUE_NAME: z
    .string()
    .regex(/^\w{1,40}$/, "expected up to 40 letters, digits and underscores")
    .default("default")
    .meta(meta("Queue into which runs are put, and which workers take from.")),
  QUEUE_LEASE: duration
    .default(15_000)
    .meta(meta("How long a worker may give no sign of life before another takes over what it worked on; at least 2s.")),
  QUEUE_TRIES: whole(1, 100).default(5).meta(meta("How many workers may die on a source before it counts as failed.")),
  QUEUE_SHARED_FOLDERS: flag
    .default(false)
    .meta(meta("All workers see the same FS_DATA and FS_TEMP, so that storages in folders may be used.")),
  QUEUE_MAX_CONNECTIONS: text
    .optional()
    .meta(meta("Sources that are worked on at once for a storage over all workers, such as `postgres=20,arctic=4`.")),
  WORKER_CONCURRENCY: whole(1, 1_000)
    .optional()
    .meta(meta("Sources that a worker has in hand at once. Default: one for each core, as far as memory allows.")),
  WORKER_HOST: text.default("127.0.0.1").meta(meta("Address of a worker's health and metrics.")),
  WORKER_PORT: whole(0, 65535)
    .optional()
    .meta(meta("Port of a worker's health and metrics; 0 for any that is free. Default: none.")),
  WORKER_GRACE: duration
    .default(30_000)
    .meta(meta("How long a worker that is asked to end goes on with what it has in hand before it hands it back.")),
  LEDGER_KEEP: whole(1).default(500).meta(meta("Runs of each pipeline that the ledger keeps.")),
  LOG_LEVEL: oneOf("debug", "info", "warn", "error", "silent")
    .optional()
    .meta(meta("Least level that is logged. Default: `info`; `debug` when no app config was found.")),
  LOG_FORMAT: oneOf("auto", "pretty", "json")
    .default("auto")
    .meta(meta("How lines are logged, on stderr. `auto`: pretty on a terminal, else JSON.")),
  MILLRACE_FALLBACK: oneOf("allow", "deny")
    .optional()
    .meta(meta("`allow` lets NODE_ENV=production run on the built-in fallback.")),
});

/** The settings after checking. Fields that millrace does not know pass through as the app gave them. */
export type Config = z.output<typeof settings>;

/** The name of a setting. */
export type SettingName = keyof typeof settings.shape;

/** Every setting's name, in the table's order. */
export const settingNames = Object.keys(settings.shape) as SettingName[];

/** What is known of one setting. */
export function settingMeta(name: SettingName): SettingMeta {
  return (settings.shape[name].meta() ?? {}) as SettingMeta;
}

/** Whether millrace has a setting of that name. */
export function isSetting(name: string): name is SettingName {
  return Object.hasOwn(settings.shape, name);
}

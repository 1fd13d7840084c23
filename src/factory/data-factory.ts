import type { Config } from "../config/settings.ts";
import type { IDataBackup } from "../contracts/data-backup.ts";
import type { IDataSaver } from "../contracts/data-saver.ts";
import type { IDataSource } from "../contracts/data-source.ts";
import type { Logger } from "../contracts/logger.ts";
import type { IStorage } from "../contracts/storage.ts";
import { ConfigError } from "../errors.ts";
import { ArcticStorage } from "../storages/arctic/index.ts";
import { CsvStorage } from "../storages/csv/index.ts";
import { PostgresStorage } from "../storages/postgres/index.ts";
import { TempStorage } from "../storages/temp/index.ts";
import { Registry } from "./registry.ts";

/** The built-in storages by type. */
interface BuiltIn {
  csv: CsvStorage;
  postgres: PostgresStorage;
  arctic: ArcticStorage;
  temp: TempStorage;
}

type SourceOf<Type> = Type extends keyof BuiltIn ? ReturnType<BuiltIn[Type]["source"]> : IDataSource;
type SaverOf<Type> = Type extends keyof BuiltIn ? ReturnType<BuiltIn[Type]["saver"]> : IDataSaver;
type BackupOf<Type> = Type extends "csv" | "postgres" | "arctic" ? ReturnType<BuiltIn[Type]["backup"]> : IDataBackup;

/** Completion of the built-in types in an editor, while any other text stays allowed. */
type TypeName = keyof BuiltIn | (string & {});

/** What a factory is made with. */
export interface DataFactoryOptions {
  /** As `getConfigLogger` gives it. */
  config: Config;
  /** Any logger with debug, info, warn and error. */
  logger: Logger;
  /** Storages of one's own. */
  storages?: readonly IStorage[];
}

/**
 * Picks components by name at run time. Making one opens nothing; connections and helpers start on first use.
 *
 * @example
 * const { config, logger } = await getConfigLogger("my_service");
 * await using factory = new DataFactory({ config, logger });
 * const frame = await factory.createDataSource("csv").getData("prices");
 */
export class DataFactory implements AsyncDisposable {
  /** What it was made with. */
  readonly config: Config;
  /** What it was made with; its components log here. */
  readonly logger: Logger;
  readonly #registry = new Registry();
  #closing: Promise<void> | undefined;

  /**
   * Opens nothing.
   *
   * @throws ConfigError when two storages have one type.
   */
  constructor({ config, logger, storages = [] }: DataFactoryOptions) {
    this.config = config;
    this.logger = logger;
    const context = { config, logger, storages: () => this.#registry.all };
    for (const Storage of [CsvStorage, PostgresStorage, ArcticStorage, TempStorage])
      this.register(new Storage(context));
    for (const storage of storages) this.register(storage);
  }

  /**
   * A new source of the storage of that type. A literal type gives the storage's own class: `createDataSource("postgres").query(…)`.
   *
   * @throws ConfigError TYPE_UNKNOWN for a type that is unknown or can't be read; it lists the right ones and the closest.
   */
  createDataSource<Type extends TypeName>(type: Type): SourceOf<Type> {
    this.#assertOpen();
    return this.#registry.open(type, "source") as SourceOf<Type>;
  }

  /**
   * A new saver of the storage of that type, of the storage's own class for a literal type.
   *
   * @throws ConfigError TYPE_UNKNOWN for a type that is unknown or can't be written; it lists the right ones and the closest.
   */
  createDataSaver<Type extends TypeName>(type: Type): SaverOf<Type> {
    this.#assertOpen();
    return this.#registry.open(type, "saver") as SaverOf<Type>;
  }

  /**
   * A new backup of the storage of that type, of the storage's own class for a literal type.
   *
   * @throws ConfigError TYPE_UNKNOWN for a type that is unknown or has no backups; it lists the right ones and the closest.
   */
  createDataBackup<Type extends TypeName>(type: Type extends "temp" ? never : Type): BackupOf<Type> {
    this.#assertOpen();
    return this.#registry.open(type, "backup") as BackupOf<Type>;
  }

  /** Types that `createDataSource` takes. */
  listDataSources(): string[] {
    return this.#registry.typesWith("source");
  }

  /** Types that `createDataSaver` takes. */
  listDataSavers(): string[] {
    return this.#registry.typesWith("saver");
  }

  /** Types that `createDataBackup` takes. */
  listDataBackup(): string[] {
    return this.#registry.typesWith("backup");
  }

  /** Adds a storage of one's own to the lists of the roles it has. @throws ConfigError when its type is taken. */
  register(storage: IStorage): void {
    this.#assertOpen();
    this.#registry.add(storage);
  }

  /** The storages themselves, for tools that ask what a storage can do. */
  get storages(): readonly IStorage[] {
    return this.#registry.all;
  }

  /**
   * Ends every connection that was opened through this factory. Shared helpers end by themselves, some idle time later.
   * Every storage is closed, also when another one fails to; then this rejects with the first failure.
   */
  close(): Promise<void> {
    this.#closing ??= closeAll(this.#registry.all);
    return this.#closing;
  }

  /** As `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #assertOpen(): void {
    if (this.#closing) throw new ConfigError("This factory is closed.", { hint: "Make a new DataFactory." });
  }
}

async function closeAll(storages: readonly IStorage[]): Promise<void> {
  const closed = await Promise.allSettled(storages.map(async (storage) => storage.close?.()));
  const failed = closed.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

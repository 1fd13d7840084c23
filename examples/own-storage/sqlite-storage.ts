import { DatabaseSync } from "node:sqlite";
import {
  assertDistinct,
  assertReadOptions,
  assertSaveOptions,
  type Capabilities,
  checkName,
  type DataFrame,
  didYouMean,
  type IDataBackup,
  type IDataSaver,
  type IDataSource,
  type IDelete,
  type IStorage,
  NotFoundError,
  pl,
  type ReadOptions,
  requireFrame,
  SaveError,
  type SaveOptions,
  SchemaError,
} from "millrace";

const tables = `
  pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 10000;
  create table if not exists frames (name text primary key, arrow blob not null);
  create table if not exists backups (id integer primary key, name text not null, arrow blob not null, made text not null)`;
const copyOne = `insert into backups (name, arrow, made)
  select name, arrow, datetime() from frames where name = ? returning id`;
const isCopy = "select 1 from backups join frames using (name) where id = ? and backups.arrow = frames.arrow";

/**
 * Frames in a SQLite file, each one blob of Arrow bytes, and backups in a table beside them. SQLite makes every save all or
 * nothing, and lets one writer of any process wait for the other. Blobs are written and read at once: for frames up to some 100 MB.
 */
export class SqliteStorage implements IStorage {
  readonly type = "sqlite";
  readonly capabilities: Capabilities = {
    modes: ["replace"],
    readOptions: ["columns", "limit", "signal"],
    saveOptions: ["mode", "signal"],
    keepsRowOrder: true,
    shared: false,
  };
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(tables);
  }

  source = (): IDataSource => ({
    getData: async (source, options) => this.#read(source, options),
    listSources: async () => this.#names(),
    healthCheck: async () => this.#database.isOpen,
  });

  saver = (): IDataSaver & IDelete => ({
    saveData: async (data, destination, options) => this.#save(data, destination, options, false),
    saveWithBackup: async (data, destination, options) => this.#save(data, destination, options, true),
    deleteData: async (name) =>
      this.#database.prepare("delete from frames where name = ?").run(this.#checked(name)).changes > 0,
    healthCheck: async () => this.#database.isOpen,
  });

  backup = (): IDataBackup => ({
    backupData: async (source) => {
      const location = this.#together(() => this.#backUp(this.#checked(source)));
      return [location !== null, location];
    },
    backupAll: async () => this.#together(() => this.#names().map((name) => [name, this.#backUp(name) ?? ""])),
    healthCheck: async () => this.#database.isOpen,
  });

  async close(): Promise<void> {
    this.#database.close();
  }

  #read(source: string, options?: ReadOptions): DataFrame {
    assertReadOptions(options, this);
    options?.signal?.throwIfAborted();
    const whole = this.#stored(source);
    const unknown = options?.columns?.find((column) => !whole.columns.includes(column));
    if (unknown !== undefined) {
      const hint = `The columns are ${whole.columns.join(", ")}.`;
      throw new SchemaError(`"${source}" has no column "${unknown}".`, { storage: this.type, frame: source, hint });
    }
    const columns = options?.columns ? whole.select(...options.columns) : whole;
    return options?.limit === undefined ? columns : columns.head(options.limit);
  }

  #save(data: DataFrame, destination: string, options: SaveOptions | undefined, backup: boolean): boolean {
    requireFrame(data, this.type, destination);
    assertSaveOptions(options, this);
    const name = this.#checked(destination);
    const arrow = data.writeIPC();
    options?.signal?.throwIfAborted();
    return this.#together(() => {
      assertDistinct(name, this.#names(), this.type);
      if (backup) this.#backUp(name);
      this.#database.prepare("insert or replace into frames values (?, ?)").run(name, arrow);
      return true;
    });
  }

  /** Copies what stands there, and compares the copy before the transaction ends. Null when nothing stands there. */
  #backUp(name: string): string | null {
    const made = this.#database.prepare(copyOne).get(name);
    if (!made) return null;
    if (this.#database.prepare(isCopy).get(made.id ?? null)) return `${name}#${made.id}`;
    throw new SaveError(`The backup of "${name}" is not what stands there.`, { storage: this.type, frame: name });
  }

  #stored(source: string): DataFrame {
    const row = this.#database.prepare("select arrow from frames where name = ?").get(this.#checked(source));
    if (row) return pl.readIPC(Buffer.from(row.arrow as Uint8Array));
    const hint = didYouMean(source, this.#names());
    throw new NotFoundError(`There is no frame "${source}".${hint}`, { storage: this.type, frame: source });
  }

  #names(): string[] {
    return this.#database
      .prepare("select name from frames order by name")
      .all()
      .map(({ name }) => String(name));
  }

  #checked(name: string): string {
    checkName(name, { storage: this.type });
    return name;
  }

  #together<T>(work: () => T): T {
    this.#database.exec("begin immediate");
    try {
      const result = work();
      this.#database.exec("commit");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("rollback");
      throw error;
    }
  }
}

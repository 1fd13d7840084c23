import { DatabaseSync } from "node:sqlite";
import {
  assertDistinct,
  assertReadOptions,
  assertSaveOptions,
  type Capabilities,
  checkName,
  type DataFrame,
  didYouMean,
  type IDataSaver,
  type IDataSource,
  type IStorage,
  NotFoundError,
  pl,
  type ReadOptions,
  requireFrame,
  type SaveOptions,
} from "millrace";

/** Frames in a SQLite file, each one blob of Arrow bytes. SQLite makes every save all or nothing. */
export class SqliteStorage implements IStorage, IDataSource, IDataSaver {
  readonly type = "sqlite";
  readonly capabilities: Capabilities = {
    modes: ["replace"],
    readOptions: ["signal"],
    saveOptions: ["mode", "signal"],
    keepsRowOrder: true,
    shared: false,
  };
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec("create table if not exists frames (name text primary key, arrow blob not null)");
  }

  source = (): IDataSource => this;
  saver = (): IDataSaver => this;

  async getData(source: string, options?: ReadOptions): Promise<DataFrame> {
    assertReadOptions(options, this);
    options?.signal?.throwIfAborted();
    checkName(source, { storage: this.type });
    const row = this.#database.prepare("select arrow from frames where name = ?").get(source);
    if (row) return pl.readIPC(Buffer.from(row.arrow as Uint8Array));
    const hint = didYouMean(source, await this.listSources());
    throw new NotFoundError(`There is no frame "${source}".${hint}`, { storage: this.type, frame: source });
  }

  async listSources(): Promise<string[]> {
    return this.#database
      .prepare("select name from frames order by name")
      .all()
      .map((row) => String(row.name));
  }

  async saveData(data: DataFrame, destination: string, options?: SaveOptions): Promise<boolean> {
    requireFrame(data, this.type, destination);
    assertSaveOptions(options, this);
    options?.signal?.throwIfAborted();
    checkName(destination, { storage: this.type });
    assertDistinct(destination, await this.listSources(), this.type);
    this.#database.prepare("insert or replace into frames values (?, ?)").run(destination, data.writeIPC());
    return true;
  }

  async saveWithBackup(data: DataFrame, destination: string, options?: SaveOptions): Promise<boolean> {
    const names = await this.listSources();
    if (names.includes(destination)) await this.saveData(await this.getData(destination), `${destination} (before)`);
    return this.saveData(data, destination, options);
  }

  async healthCheck(): Promise<boolean> {
    return this.#database.isOpen;
  }
}

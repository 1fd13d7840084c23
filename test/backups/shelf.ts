import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { StoredBackup } from "../../src/backups/manifest.ts";
import { dataFileName, FrameBackup } from "../../src/backups/service.ts";
import { BackupStore, type DumpedFrame } from "../../src/backups/store.ts";
import { heightOf } from "../../src/frame/access.ts";
import { readIpc, writeIpc } from "../../src/frame/ipc.ts";
import { checkName } from "../../src/frame/names.ts";
import type { DataFrame } from "../../src/frame/polars.ts";
import { schemaOf } from "../../src/frame/schema.ts";
import { withLock } from "../../src/system/lock.ts";
import { placeFile, removeDurably } from "../../src/system/place-file.ts";
import { listeningLogger } from "./logger.ts";

/** A storage of Arrow files in a folder, as small as can be, with backups. Its faults can be set. */
export class ShelfBackup extends FrameBackup {
  readonly folder: string;
  readonly place: string;
  readonly warnings: string[];
  /** Called before each of these steps with the name concerned; what it throws is the step's failure. */
  fault: (step: "dump" | "restore" | "load", name: string) => void = () => {};
  /** What is done to a frame on its way back, to play a storage that does not hold it exactly. */
  alter: (frame: DataFrame) => DataFrame = (frame) => frame;
  works = true;

  constructor(root: string, keep = 3, keepsRowOrder = true, disk = root, place = "shelf:here", maxAge?: number) {
    const logger = listeningLogger();
    const store = new BackupStore({
      root: join(disk, "backups"),
      storage: "shelf",
      place,
      logger,
      lockTimeoutMs: 5_000,
    });
    super({ store, logger, keep, keepsRowOrder, maxAge });
    this.folder = join(root, "shelf");
    this.place = place;
    this.warnings = logger.warnings;
  }

  async put(name: string, frame: DataFrame): Promise<void> {
    await placeFile(this.#path(name), (staging) => writeIpc(frame, staging));
  }

  override async load(name: string): Promise<DataFrame> {
    this.fault("load", name);
    return readIpc(this.#path(name));
  }

  override async names(): Promise<string[]> {
    await mkdir(this.folder, { recursive: true });
    const files = (await readdir(this.folder)).filter((file) => file.endsWith(".arrow"));
    return files.map((file) => file.slice(0, -".arrow".length)).sort();
  }

  override async exclusive<T>(name: string, work: () => Promise<T>): Promise<T> {
    return withLock(`${this.folder}/.locks/${name}`, work, { timeoutMs: 5_000, what: name });
  }

  protected override async dump(name: string, folder: string): Promise<DumpedFrame | null> {
    checkName(name, { storage: "shelf" });
    this.fault("dump", name);
    if (!(await this.names()).includes(name)) return null;
    const frame = await readIpc(this.#path(name));
    await writeIpc(frame, join(folder, dataFileName));
    return { schema: schemaOf(frame), rows: heightOf(frame) };
  }

  protected override async restore(folder: string, _record: StoredBackup, destination: string): Promise<void> {
    this.fault("restore", destination);
    await this.put(destination, this.alter(await readIpc(join(folder, dataFileName))));
  }

  protected override async drop(name: string): Promise<boolean> {
    return removeDurably(this.#path(name));
  }

  protected override async usable(): Promise<boolean> {
    return this.works;
  }

  #path(name: string): string {
    return join(this.folder, `${name}.arrow`);
  }
}

import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { StoredBackup } from "../../backups/manifest.ts";
import { FrameBackup, isScratchName } from "../../backups/service.ts";
import { type DumpedFrame, openBackupStore } from "../../backups/store.ts";
import { NotFoundError } from "../../errors.ts";
import { heightOf, lazyOf } from "../../frame/access.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { fileError } from "../../system/files.ts";
import type { StorageContext } from "../context.ts";
import { csvCapabilities } from "./capabilities.ts";
import type { CsvFiles } from "./files.ts";
import { type Content, contentOf, type KeptSchema } from "./kept-schema.ts";
import { formatOf } from "./names.ts";
import type { ReadFrame } from "./reader.ts";

/** Backups hold the exact bytes of a file, and its schema where millrace wrote it. */
export class CsvBackup extends FrameBackup {
  readonly #files: CsvFiles;

  constructor(context: StorageContext, files: CsvFiles) {
    const { config, logger } = context;
    const store = openBackupStore(context, "csv", files.storageId);
    super({
      store,
      logger,
      keep: config.BACKUP_KEEP,
      maxAge: config.BACKUP_MAX_AGE,
      keepsRowOrder: csvCapabilities.keepsRowOrder,
    });
    this.#files = files;
  }

  protected override async names(): Promise<string[]> {
    return (await this.#files.folder.list()).filter((name) => !isScratchName(name));
  }

  protected override canonicalName(name: string): string {
    return this.#files.name(name);
  }

  protected override scratchName(source: string): string {
    return `${super.scratchName(source)}${endingOf(source)}`;
  }

  protected override async dump(name: string, folder: string): Promise<DumpedFrame | null> {
    const { reader, folder: files } = this.#files;
    const [path, copy] = [await files.path(name), join(folder, `data${endingOf(name)}`)];
    const dumped = reader.stable(name, path, async () => {
      await copyFile(path, copy);
      const bytes = await contentOf(copy);
      const content = contentText(bytes);
      const kept = await this.#files.kept.find(name, bytes);
      if (kept) return { ...kept, content, extra: { kept: true } };
      const found = await reader.foreign(await reader.open(copy, name, {}, null));
      return { ...found, content, extra: { kept: false } };
    });
    return dumped.catch((cause: unknown) => {
      if (cause instanceof NotFoundError) return null;
      throw fileError(cause, { storage: "csv", frame: name, doing: `copy ${name}` });
    });
  }

  protected override async restore(folder: string, record: StoredBackup, destination: string): Promise<void> {
    const ending = endingOf(record.source);
    if (ending === endingOf(destination)) {
      return this.#files.placeCopy(destination, join(folder, `data${ending}`), keptOf(record));
    }
    // Another form of file: the frame is written anew.
    const { frame, schema } = await this.#readDump(folder, record);
    const { timeColumn, key } = record;
    const kept = { rows: heightOf(frame), schema, timeColumn, key };
    await this.#files.place(destination, { rows: lazyOf(frame), schema, frame: destination }, kept);
  }

  protected override async readDump(folder: string, record: StoredBackup): Promise<DataFrame> {
    return (await this.#readDump(folder, record)).frame;
  }

  protected override async load(name: string): Promise<DataFrame> {
    return (await this.#files.reader.read(name)).frame;
  }

  /** Of the file's exact bytes, which say more than the frame does. */
  protected override async contentOf(name: string): Promise<string> {
    return contentText(await contentOf(await this.#files.folder.path(name)));
  }

  protected override drop(name: string): Promise<boolean> {
    return this.#files.remove(name);
  }

  protected override exclusive<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#files.exclusive(name, work);
  }

  protected override usable(): Promise<boolean> {
    return this.#files.usable();
  }

  #readDump(folder: string, record: StoredBackup): Promise<ReadFrame> {
    const path = join(folder, `data${endingOf(record.source)}`);
    return this.#files.reader.readFile(path, record.source, {}, keptOf(record));
  }
}

function contentText({ sha256 }: Content): string {
  return `bytes:${sha256}`;
}

function endingOf(name: string): string {
  return formatOf(name)?.ending ?? ".csv";
}

/** The schema that was kept of the file when it was backed up. Null when another program had written it. */
function keptOf({ rows, schema, timeColumn, key, extra }: StoredBackup): KeptSchema | null {
  const kept = typeof extra === "object" && extra !== null && "kept" in extra && extra.kept === true;
  if (!kept) return null;
  return { rows, schema, timeColumn, key };
}

import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { StoredBackup } from "../../backups/manifest.ts";
import { FrameBackup, isScratchName } from "../../backups/service.ts";
import { type DumpedFrame, openBackupStore } from "../../backups/store.ts";
import { CorruptDataError, NotFoundError, SchemaError } from "../../errors.ts";
import { heightOf, lazyOf } from "../../frame/access.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { fileError } from "../../system/files.ts";
import type { StorageContext } from "../context.ts";
import { marksOf } from "../marks.ts";
import { csvCapabilities } from "./capabilities.ts";
import type { CsvFiles } from "./files.ts";
import { type Content, contentOf, type KeptSchema } from "./kept-schema.ts";
import { formatOf } from "./names.ts";
import type { ReadFrame } from "./reader.ts";

/** Backups hold the exact bytes of a file, also of one that can't be read, and its schema where millrace wrote it. */
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
      const kept = await this.#files.kept.find(name, bytes);
      const about = kept ? dumpedOf(kept) : await this.#lookedAt(name, copy);
      return { ...about, content: contentText(bytes) };
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
    const kept = { rows: heightOf(frame), schema, timeColumn, key, marks: marksOf(record) };
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

  /** What a file of another program shows of its frame. One that takes options to be read shows nothing, and is bytes all the same. */
  async #lookedAt(name: string, copy: string): Promise<DumpedFrame> {
    const { reader } = this.#files;
    try {
      const found = await reader.foreign(await reader.open(copy, name, {}, null));
      return { ...found, extra: { kept: false } };
    } catch (cause) {
      if (!(cause instanceof CorruptDataError || cause instanceof SchemaError)) throw cause;
      this.logger.warn({ storage: "csv", frame: name }, `${name} is backed up as bytes only: ${cause.message}`);
      return { rows: 0, schema: { fields: [] }, extra: { kept: false, unread: cause.message } };
    }
  }

  /** Of a file that could not be read, its bytes are all there is to compare. */
  protected override async difference(folder: string, record: StoredBackup, scratch: string): Promise<string | null> {
    if (!isUnread(record)) return super.difference(folder, record, scratch);
    const kept = contentText(await contentOf(join(folder, `data${endingOf(record.source)}`)));
    return kept === (await this.contentOf(scratch)) ? null : "its bytes are others.";
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

/** Whether the file could not be read when it was backed up. */
function isUnread({ extra }: StoredBackup): boolean {
  return typeof extra === "object" && extra !== null && "unread" in extra;
}

/** The schema that was kept of the file when it was backed up. Null when another program had written it. */
function keptOf(record: StoredBackup): KeptSchema | null {
  const { rows, schema, timeColumn, key, extra } = record;
  const kept = typeof extra === "object" && extra !== null && "kept" in extra && extra.kept === true;
  if (!kept) return null;
  return { rows, schema, timeColumn, key, marks: marksOf(record) };
}

function dumpedOf({ marks, ...kept }: KeptSchema): DumpedFrame {
  return { ...kept, extra: { kept: true, ...(marks && { marks }) } };
}

import { constants } from "node:fs";
import { access, copyFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { InvalidNameError } from "../../errors.ts";
import { assertDistinct, foldName, segmentName } from "../../frame/names.ts";
import { errnoOf } from "../../system/files.ts";
import { nearestExisting } from "../../system/folders.ts";
import { withLock } from "../../system/lock.ts";
import { placeFile, removeDurably } from "../../system/place-file.ts";
import type { StorageContext } from "../context.ts";
import type { FoundMarks } from "../marks.ts";
import { type Content, contentOf, type KeptSchema, KeptSchemas } from "./kept-schema.ts";
import { CsvFolder, csvName, formatOf } from "./names.ts";
import { CsvReader } from "./reader.ts";
import { type CsvContent, writeCsv } from "./writer.ts";

/** The CSV files of one FS_DATA, as the three roles of the storage share them. */
export class CsvFiles {
  readonly folder: CsvFolder;
  readonly kept: KeptSchemas;
  readonly reader: CsvReader;
  readonly context: StorageContext;

  constructor(context: StorageContext) {
    this.context = context;
    this.folder = new CsvFolder(context.config);
    this.kept = new KeptSchemas(this.folder.root, context.logger);
    this.reader = new CsvReader(context, this.folder, this.kept);
  }

  get storageId(): string {
    return `csv:${this.folder.root}`;
  }

  /** The name as it is listed. @throws InvalidNameError */
  name(name: string): string {
    if (typeof name !== "string" || name === "") {
      throw new InvalidNameError("The name of a CSV file is a text of at least one character.", { storage: "csv" });
    }
    const whole = csvName(name);
    this.folder.check(whole);
    return whole;
  }

  /** Runs `work` while this program alone writes that name, or one that differs from it only in its look. */
  async exclusive<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const segment = segmentName(foldName(name));
    const file = join(this.folder.root, ".millrace", "locks", "csv", `${segment}.lock`);
    return withLock(file, work, {
      timeoutMs: this.context.config.LOCK_TIMEOUT,
      what: `${name} in csv`,
      storage: "csv",
      frame: name,
      ...(signal && { signal }),
    });
  }

  /** Puts a frame under a name. The caller holds the name's lock. */
  async place(name: string, content: CsvContent, kept: KeptSchema, { signal, confirm }: Placing = {}): Promise<void> {
    const form = { format: this.#format(name), height: kept.rows, config: this.context.config, signal };
    await this.#place(name, (staging) => writeCsv(staging, content, form), kept, { signal, confirm });
  }

  /** Puts the bytes of another file under a name, with the schema that was kept of them. The caller holds the name's lock. */
  async placeCopy(name: string, from: string, kept: KeptSchema | null): Promise<void> {
    const copy = async (staging: string) => {
      await copyFile(from, staging);
      return contentOf(staging);
    };
    await this.#place(name, copy, kept);
  }

  /** The runs that saved what stands there. */
  async marks(name: string): Promise<FoundMarks> {
    const path = await this.folder.path(name);
    return (await exists(path)) ? this.kept.marksOf(name, path) : null;
  }

  /** False when there was nothing. The caller holds the name's lock. */
  async remove(name: string): Promise<boolean> {
    const removed = await removeDurably(await this.folder.path(name));
    await this.kept.dropOthers(name, null);
    return removed;
  }

  /** Whether files can be read and written here, or the folder be made. */
  async usable(): Promise<boolean> {
    try {
      const folder = await nearestExisting(this.folder.root);
      await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
      return (await stat(folder)).isDirectory();
    } catch {
      return false;
    }
  }

  async #place(
    name: string,
    write: (staging: string) => Promise<Content>,
    kept: KeptSchema | null,
    { signal, confirm }: Placing = {},
  ): Promise<void> {
    const path = await this.folder.path(name);
    if (!(await exists(path))) assertDistinct(name, await this.folder.list(), "csv");
    let content: Content | undefined;
    const fill = async (staging: string) => {
      content = await write(staging);
    };
    await placeFile(path, fill, {
      storage: "csv",
      frame: name,
      ...(signal && { signal }),
      beforePlace: async () => {
        if (kept && content) await this.kept.put(name, content, kept);
        await confirm?.();
      },
    });
    await this.kept.dropOthers(name, kept && content ? content.sha256 : null);
  }

  #format(name: string) {
    const format = formatOf(name);
    if (!format) throw new InvalidNameError(`${name} has no ending of a CSV file.`, { storage: "csv", frame: name });
    return format;
  }
}

interface Placing {
  readonly signal?: AbortSignal | undefined;
  /** Asked right before the file becomes visible. */
  readonly confirm?: (() => Promise<void>) | undefined;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (cause: unknown) => {
      if (errnoOf(cause) === "ENOENT") return false;
      throw cause;
    },
  );
}

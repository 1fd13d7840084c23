import { ConflictError } from "../../errors.ts";
import type { DataFrame } from "../../frame/polars.ts";
import type { StorageContext } from "../context.ts";
import { type FrameContent, FrameSaver, type StoredFrame } from "../frame-saver.ts";
import type { FoundMarks } from "../marks.ts";
import type { CsvBackup } from "./backup.ts";
import { csvCapabilities } from "./capabilities.ts";
import type { CsvFiles } from "./files.ts";
import { assertFormulas, type CsvSaveOptions, withoutFormulas } from "./formulas.ts";
import { formatOf } from "./names.ts";
import { refuseInexact } from "./writer.ts";

/** Writes frames as CSV files below FS_DATA. `append` and `upsert` read the file, merge, and write it anew. */
export class CsvSaver extends FrameSaver {
  readonly storageId: string;
  readonly #files: CsvFiles;

  constructor(context: StorageContext, files: CsvFiles, backup: () => CsvBackup) {
    super({ type: "csv", capabilities: csvCapabilities }, context, backup);
    this.#files = files;
    this.storageId = files.storageId;
  }

  override async saveData(data: DataFrame, destination: string, options: CsvSaveOptions = {}): Promise<boolean> {
    assertFormulas(options);
    return super.saveData(data, destination, options);
  }

  override async saveWithBackup(data: DataFrame, destination: string, options: CsvSaveOptions = {}): Promise<boolean> {
    assertFormulas(options);
    return super.saveWithBackup(data, destination, options);
  }

  override async saveBatches(
    batches: AsyncIterable<DataFrame>,
    destination: string,
    options: CsvSaveOptions & { backup?: boolean } = {},
  ): Promise<boolean> {
    assertFormulas(options);
    return super.saveBatches(batches, destination, options);
  }

  protected override async prepared(_name: string, content: FrameContent, options: CsvSaveOptions) {
    return options.escapeFormulas ? withoutFormulas(content) : content;
  }

  protected override name(destination: string): string {
    return this.#files.name(destination);
  }

  protected override exclusive<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#files.exclusive(name, work, signal);
  }

  protected override async readOld(name: string, signal?: AbortSignal): Promise<StoredFrame | null> {
    const read = await this.#files.reader.readOrNull(name, { signal });
    if (read && !read.kept) requireOwnForm(name, read.separator);
    return read && { frame: read.frame, timeColumn: read.kept?.timeColumn, key: read.kept?.key };
  }

  protected override async refuse(frame: string, { rows, schema }: FrameContent): Promise<void> {
    await this.#files.folder.path(frame);
    await refuseInexact({ rows, schema, frame });
  }

  protected override async place(frame: string, content: FrameContent, signal?: AbortSignal): Promise<void> {
    const { rows, schema, height, timeColumn, key, marks, confirm } = content;
    const kept = { rows: height, schema, timeColumn, key, marks };
    await this.#files.place(frame, { rows, schema, frame }, kept, { signal, confirm });
  }

  protected override remove(name: string): Promise<boolean> {
    return this.#files.remove(name);
  }

  protected override findMarks(name: string): Promise<FoundMarks> {
    return this.#files.marks(name);
  }

  protected override usable(): Promise<boolean> {
    return this.#files.usable();
  }
}

/** Adding rows writes the file anew, in millrace's form, which the program whose file it is may not read. */
function requireOwnForm(name: string, separator: string): void {
  const own = formatOf(name)?.separator;
  if (separator === own) return;
  throw new ConflictError(
    `${name} is a file of another program, with ${JSON.stringify(separator)} between its fields; adding rows would write it anew with ${JSON.stringify(own)}.`,
    {
      storage: "csv",
      frame: name,
      code: "NAME_CONFLICT",
      hint: 'Save under another name, or the whole frame with mode "replace".',
    },
  );
}

import type { StorageContext } from "../context.ts";
import { type FrameContent, FrameSaver, type StoredFrame } from "../frame-saver.ts";
import type { FoundMarks } from "../marks.ts";
import type { TempBackup } from "./backup.ts";
import { tempCapabilities } from "./capabilities.ts";
import type { TempFiles } from "./files.ts";
import { readTempOrNull } from "./reader.ts";

/** Keeps frames for a while, as Arrow files below FS_TEMP. */
export class TempSaver extends FrameSaver {
  readonly storageId: string;
  readonly #files: TempFiles;

  constructor(context: StorageContext, files: TempFiles, backup: () => TempBackup) {
    super({ type: "temp", capabilities: tempCapabilities }, context, backup);
    this.#files = files;
    this.storageId = files.storageId;
  }

  protected override name(destination: string): string {
    return this.#files.name(destination);
  }

  protected override async exclusive<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#files.sweep();
    return this.#files.exclusive(name, work, signal);
  }

  protected override readOld(name: string): Promise<StoredFrame | null> {
    return readTempOrNull(this.#files, name);
  }

  /** Arrow holds every type that a frame has. */
  protected override async refuse(): Promise<void> {}

  protected override place(name: string, content: FrameContent, signal?: AbortSignal): Promise<void> {
    return this.#files.place(name, content, signal);
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

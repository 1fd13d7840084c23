import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { access, lstat, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { isScratchName } from "../../backups/service.ts";
import { InvalidNameError, NotFoundError } from "../../errors.ts";
import { writeIpc } from "../../frame/ipc.ts";
import { assertDistinct, checkName, foldName, segmentName } from "../../frame/names.ts";
import { errnoOf, fileError } from "../../system/files.ts";
import { nearestExisting } from "../../system/folders.ts";
import { tryLock, withLock } from "../../system/lock.ts";
import { didYouMean } from "../../system/nearest.ts";
import { isStaging, placeFile, removeDurably, stagingName } from "../../system/place-file.ts";
import type { StorageContext } from "../context.ts";
import type { FrameContent } from "../frame-saver.ts";
import { type FoundMarks, marksShape } from "../marks.ts";
import { checksumOf } from "./checksum.ts";

const noteSchema = z.object({
  timeColumn: z.string().optional(),
  key: z.array(z.string()).optional(),
  marks: marksShape.optional(),
  /** See `checksumOf`; missing for a file that another program put there. */
  checksum: z.number().optional(),
});

/** What is kept beside a frame's Arrow file. */
export type TempNote = z.output<typeof noteSchema>;

const ending = ".arrow";

/** Folders whose old files were looked for already, and when. */
const swept = new Map<string, number>();
const sweepEveryMs = 3_600_000;

/**
 * The files of one FS_TEMP: `<name>.arrow` for each frame. Its checksum, time column and key stand in
 * `.<hash of the name>.<stamp>.note`, where the stamp is the Arrow file's inode, size and time: it is placed before that file, so
 * at no instant a frame has the note of another.
 */
export class TempFiles {
  readonly root: string;
  readonly context: StorageContext;
  readonly #locks: string;

  constructor(context: StorageContext) {
    this.context = context;
    this.root = resolve(context.config.FS_TEMP);
    // Beside the frames: services with different FS_DATA can share one FS_TEMP.
    this.#locks = join(this.root, ".locks");
  }

  get storageId(): string {
    return `temp:${this.root}`;
  }

  /** @throws InvalidNameError */
  name(name: string): string {
    checkName(name, { storage: "temp" });
    return name;
  }

  path(name: string): string {
    return join(this.root, `${name}${ending}`);
  }

  async list(): Promise<string[]> {
    const files = await readdir(this.root, { withFileTypes: true }).catch((cause: unknown) => {
      if (errnoOf(cause) === "ENOENT") return [];
      throw fileError(cause, { storage: "temp", doing: `list ${this.root}` });
    });
    return files
      .filter((file) => file.isFile() && file.name.endsWith(ending) && !file.name.startsWith("."))
      .map((file) => file.name.slice(0, -ending.length))
      .filter(isName)
      .sort((a, b) => (a < b ? -1 : 1));
  }

  async exclusive<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return withLock(this.#lockOf(name), work, {
      timeoutMs: this.context.config.LOCK_TIMEOUT,
      what: `${name} in temp`,
      storage: "temp",
      frame: name,
      ...(signal && { signal }),
    });
  }

  /** Puts a frame under a name. The caller holds the name's lock. */
  async place(name: string, content: FrameContent, signal?: AbortSignal): Promise<void> {
    const path = this.path(name);
    if ((await this.stampOrNull(path)) === null) assertDistinct(name, await this.list(), "temp");
    const { timeColumn, key, marks, confirm } = content;
    let note: string | null = null;
    await placeFile(path, (staging) => writeIpc(content.rows, staging, { storage: "temp", frame: name }), {
      storage: "temp",
      frame: name,
      ...(signal && { signal }),
      beforePlace: async (staging) => {
        note = noteName(name, await this.stamp(name, staging));
        const text = JSON.stringify({ timeColumn, key, marks, checksum: await checksumOf(staging) });
        await placeFile(join(this.root, note), (file) => writeFile(file, text));
        await confirm?.();
      },
    });
    await this.#dropNotes(name, note);
  }

  /** What is kept beside the Arrow file with that stamp. */
  async note(name: string, stamp: string): Promise<TempNote> {
    const text = await readFile(join(this.root, noteName(name, stamp)), "utf8").catch((cause: unknown) => {
      if (errnoOf(cause) === "ENOENT") return "{}";
      throw fileError(cause, { storage: "temp", frame: name, doing: `read what is kept of ${name}` });
    });
    return noteSchema.parse(JSON.parse(text));
  }

  /** The runs that saved what stands there. */
  async marks(name: string): Promise<FoundMarks> {
    const stamp = await this.stampOrNull(this.path(name));
    if (stamp === null) return null;
    const { marks } = await this.note(name, stamp);
    if (marks) return marks;
    const own = (await this.#notes(name)).includes(noteName(name, stamp));
    return own ? { parts: [], cursors: [] } : "changed";
  }

  /** False when there was nothing. The caller holds the name's lock. */
  async remove(name: string): Promise<boolean> {
    const removed = await removeDurably(this.path(name));
    await this.#dropNotes(name, null);
    return removed;
  }

  /** What tells one state of a file from another. @throws NotFoundError with the nearest names. */
  async stamp(name: string, path: string): Promise<string> {
    const stamp = await this.stampOrNull(path);
    if (stamp !== null) return stamp;
    const names = await this.list();
    const there = names.length === 0 ? " There are no frames in it." : didYouMean(name, names);
    throw new NotFoundError(`There is no ${name} in ${this.root}.${there}`, { storage: "temp", frame: name });
  }

  async stampOrNull(path: string): Promise<string | null> {
    try {
      const found = await lstat(path, { bigint: true });
      if (!found.isFile())
        throw new InvalidNameError(`${path} is no file but a link or a folder.`, { storage: "temp" });
      const { ino, size, mtimeNs } = found;
      return `${ino}-${size}-${mtimeNs}`;
    } catch (cause) {
      if (errnoOf(cause) === "ENOENT") return null;
      throw fileError(cause, { storage: "temp", doing: `read ${path}` });
    }
  }

  async usable(): Promise<boolean> {
    try {
      const folder = await nearestExisting(this.root);
      await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
      return (await stat(folder)).isDirectory();
    } catch {
      return false;
    }
  }

  /**
   * Removes frames older than TEMP_MAX_AGE: once when a process first uses the folder, then at most every hour. A frame that is
   * being written is left alone, one that is being read stays readable for its reader, and a file that millrace did not write
   * is never removed. Never rejects.
   */
  async sweep(): Promise<void> {
    const now = Date.now();
    if (now - (swept.get(this.root) ?? -sweepEveryMs) < sweepEveryMs) return;
    swept.set(this.root, now);
    try {
      for (const name of await this.list()) await this.#removeOld(name, now - this.context.config.TEMP_MAX_AGE);
    } catch (cause) {
      this.context.logger.warn({ storage: "temp", err: cause }, `Old frames in ${this.root} could not be removed.`);
    }
  }

  async #removeOld(name: string, before: number): Promise<void> {
    if (!(await this.#isOlder(name, before))) return;
    await using lock = await tryLock(this.#lockOf(name));
    if (lock === null || !(await this.#isOlder(name, before)) || !(await this.#isOwn(name))) return;
    await this.remove(name);
    if (!isScratchName(name))
      this.context.logger.info({ storage: "temp", frame: name }, `Removed ${name}: it was older than TEMP_MAX_AGE.`);
  }

  async #isOlder(name: string, before: number): Promise<boolean> {
    const found = await stat(this.path(name)).catch(() => null);
    return found !== null && found.mtimeMs < before;
  }

  /** Every frame that millrace wrote has a note. */
  async #isOwn(name: string): Promise<boolean> {
    return (await this.#notes(name)).length > 0;
  }

  async #notes(name: string): Promise<string[]> {
    const prefix = notePrefix(name);
    const files = await readdir(this.root).catch(() => []);
    return files.filter((file) => file.startsWith(prefix) && /^\d+-\d+-\d+\.note$/.test(file.slice(prefix.length)));
  }

  async #dropNotes(name: string, keep: string | null): Promise<void> {
    for (const note of await this.#notes(name)) if (note !== keep) await rm(join(this.root, note), { force: true });
    // Those that killed writers did not get to place: each has a name of its own, which no later one takes.
    const prefix = stagingName(notePrefix(name)).replace(/\.staging$/, "");
    for (const file of await readdir(this.root).catch(() => [])) {
      if (file.startsWith(prefix) && isStaging(file)) await rm(join(this.root, file), { force: true });
    }
  }

  #lockOf(name: string): string {
    return join(this.#locks, `${segmentName(foldName(name))}.lock`);
  }
}

/** Of one length, since a name may be as long as a file's name can be. */
function notePrefix(name: string): string {
  return `.${createHash("sha256").update(name).digest("hex").slice(0, 32)}.`;
}

function noteName(name: string, stamp: string): string {
  return `${notePrefix(name)}${stamp}.note`;
}

/** Whether a file that stands there can be read by its name. */
function isName(name: string): boolean {
  try {
    checkName(name, { storage: "temp" });
    return true;
  } catch {
    return false;
  }
}

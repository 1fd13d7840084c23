import { createHash } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../contracts/logger.ts";
import type { BackupRecord, IRestorableBackup, RetentionPolicy } from "../contracts/restorable-backup.ts";
import { ConfigError, CorruptDataError, InvalidNameError, MillraceError, SaveError } from "../errors.ts";
import type { DataFrame } from "../frame/polars.ts";
import type { StoredBackup } from "./manifest.ts";
import { restoreFromPeer } from "./peer.ts";
import { contentOfFile, contentOfFrame, differenceFrom, isProvenLately } from "./proof.ts";
import type { BackupStore, DumpedFrame } from "./store.ts";

export interface FrameBackupOptions {
  store: BackupStore;
  logger: Logger;
  /** BACKUP_KEEP: how many backups of a name a save with backup leaves. */
  keep: number;
  /** BACKUP_MAX_AGE: see `healthCheck`. */
  maxAge?: number | undefined;
  /** `capabilities.keepsRowOrder` of the storage: whether a proof compares row by row or in any order. */
  keepsRowOrder: boolean;
}

/** The one file that a backup has by default. */
export const dataFileName = "data.arrow";

/**
 * What the backups of all storages share. A storage says only how a frame gets into a folder and back.
 *
 * Locks, in this order and no other: `exclusive(name)`, which is the storage's own lock of a name, then the store's lock of
 * that name's backups. `backUpThenSave`, `dump`, `restore`, `load` and `drop` never take the storage's lock: the first is
 * called by a saver that holds it, `restore` and `drop` run inside `exclusive`, and `dump` and `load` read as any reader does, so
 * that a long backup keeps no writer waiting. Nobody holds the locks of two names at once.
 */
export abstract class FrameBackup implements IRestorableBackup {
  protected readonly store: BackupStore;
  protected readonly logger: Logger;
  readonly #options: FrameBackupOptions;

  constructor(options: FrameBackupOptions) {
    this.store = options.store;
    this.logger = options.logger;
    this.#options = options;
  }

  /** Every name that can be backed up. */
  protected abstract names(): Promise<string[]>;

  /**
   * Writes one state of the frame into `folder`, which exists and is empty: by default as `data.arrow`. Resolves with what the
   * manifest needs, or with null when nothing has that name.
   */
  protected abstract dump(name: string, folder: string): Promise<DumpedFrame | null>;

  /** Puts the frame of a backup, whose bytes are checked, under a name, replacing what stands there: all or nothing. */
  protected abstract restore(folder: string, record: StoredBackup, destination: string): Promise<void>;

  /** The frame under a name, as `getData` gives it. */
  protected abstract load(name: string): Promise<DataFrame>;

  /** Removes what stands under a name, if anything does. */
  protected abstract drop(name: string): Promise<unknown>;

  /** Runs `work` while this program alone may write under that name. */
  protected abstract exclusive<T>(name: string, work: () => Promise<T>): Promise<T>;

  /** Whether the storage itself can be used now. Installs nothing. */
  protected abstract usable(): Promise<boolean>;

  /** The name in the form in which it is listed (csv: `x` is `x.csv`), checked. Default: as it is. */
  protected canonicalName(name: string): string {
    return name;
  }

  /** Where a backup is restored to for its proof. The same for the same source, so a killed proof leaves nothing for long. */
  protected scratchName(source: string): string {
    return `${scratchPrefix}${createHash("sha256").update(source).digest("hex").slice(0, 12)}`;
  }

  /** The frame that a backup's files hold. Default: `data.arrow`. */
  protected async readDump(folder: string, _record: StoredBackup): Promise<DataFrame> {
    const { readIpc } = await import("../frame/ipc.ts");
    return readIpc(join(folder, dataFileName));
  }

  async backupData(source: string): Promise<[ok: boolean, location: string | null]> {
    const location = await this.#backUp(this.canonicalName(source));
    return location === null ? [false, null] : [true, location];
  }

  async backupAll(): Promise<[source: string, location: string][]> {
    const done: [string, string][] = [];
    const failed: { name: string; cause: unknown }[] = [];
    for (const name of await this.names()) {
      if (isScratchName(name)) continue;
      try {
        const location = await this.#backUp(name);
        if (location !== null) done.push([name, location]);
      } catch (cause) {
        failed.push({ name, cause });
      }
    }
    if (failed.length === 0) return done;
    const list = (names: string[]) => (names.length === 0 ? "none" : names.join(", "));
    throw new SaveError(
      `Backups failed: ${failed.map(({ name, cause }) => `${name} (${messageOf(cause)})`).join("; ")}. Done: ${list(done.map(([name]) => name))}.`,
      {
        code: "BACKUP_FAILED",
        storage: this.store.storage,
        cause: new AggregateError(failed.map(({ cause }) => cause)),
      },
    );
  }

  /**
   * For savers, which hold the lock of `name`: backs up what stands there, saves, then removes backups beyond BACKUP_KEEP.
   * When the backup fails nothing is saved; when only the removal fails the save has succeeded, and the log says so.
   */
  async backUpThenSave<T>(name: string, save: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#backUp(name, signal);
    const saved = await save();
    try {
      await this.store.prune({ keepLast: this.#options.keep }, name);
    } catch (cause) {
      this.logger.warn({ frame: name, err: cause }, `Old backups of ${name} stay: ${messageOf(cause)}`);
    }
    return saved;
  }

  async listBackups(source?: string): Promise<BackupRecord[]> {
    return this.store.list(source === undefined ? undefined : this.canonicalName(source));
  }

  async verifyBackup(location: string): Promise<boolean> {
    return this.store.verify(location);
  }

  async proveBackup(location: string): Promise<boolean> {
    const difference = await this.#prove(location).catch((cause: unknown) => {
      if (cause instanceof CorruptDataError) return cause.message;
      throw cause;
    });
    if (difference === null) return true;
    this.logger.warn({ location }, `The backup ${location} does not come back equal: ${difference}`);
    return false;
  }

  /** In words, why the backup is not proven, or null once the proof is recorded. */
  async #prove(location: string): Promise<string | null> {
    await using opened = await this.store.open(location);
    const { record, folder } = opened;
    const scratch = this.scratchName(record.source);
    const difference = await this.exclusive(scratch, async () => {
      try {
        await this.restore(folder, record, scratch);
        return await this.difference(folder, record, scratch);
      } finally {
        await this.drop(scratch);
      }
    });
    if (difference === null) await this.store.markProven(record.location, new Date());
    return difference;
  }

  /**
   * As the contract says; a backup of another place or storage needs a destination.
   *
   * @throws ConfigError when it has none.
   */
  async restoreData(location: string, destination?: string): Promise<boolean> {
    const type = this.store.storageAt(location);
    if (type !== null && type !== this.store.storage) return restoreFromPeer(this.store, type, location, destination);
    await using opened = await this.store.open(location);
    const { record, folder } = opened;
    if (destination === undefined) this.#checkPlace(record);
    const name = this.canonicalName(destination ?? record.source);
    await this.exclusive(name, async () => {
      await this.#backUp(name);
      await this.restore(folder, record, name);
    });
    return true;
  }

  /** What the manifest at a location says. */
  readRecord(location: string): Promise<BackupRecord> {
    return this.store.read(location);
  }

  /** The frame that a backup holds; nothing is restored. @throws CorruptDataError BACKUP_CORRUPT */
  async readBackup(location: string): Promise<DataFrame> {
    await using opened = await this.store.open(location);
    return await this.readDump(opened.folder, opened.record);
  }

  /** Removes one backup; false when there is none at that location. */
  async removeBackup(location: string): Promise<boolean> {
    return this.store.remove(location);
  }

  async pruneBackups(policy: RetentionPolicy): Promise<BackupRecord[]> {
    return this.store.prune(policy);
  }

  /**
   * True when backups can be made now. With BACKUP_MAX_AGE also only when there is a proven backup that is younger, of every frame
   * that has backups and is still there.
   */
  async healthCheck(): Promise<boolean> {
    const check = async () => {
      await this.store.depot.assertUsable();
      return (await this.usable()) && (await this.#isProvenLately());
    };
    const late = new AbortController();
    try {
      return await Promise.race([check(), sleep(4_500, false, { signal: late.signal })]);
    } catch {
      return false;
    } finally {
      late.abort();
    }
  }

  async #isProvenLately(): Promise<boolean> {
    const { maxAge } = this.#options;
    if (maxAge === undefined) return true;
    const names = (await this.names()).filter((name) => !isScratchName(name));
    return names.length === 0 || isProvenLately(names, await this.store.list(), maxAge);
  }

  /** So that no frame is replaced by one that only has the same name. */
  #checkPlace({ location, place, source }: StoredBackup): void {
    const { place: here, storage } = this.store;
    if (place === here) return;
    const made = place === undefined ? "does not say which place it is of" : `is of ${place}`;
    throw new ConfigError(`The backup ${location} ${made}, and this storage is ${here}.`, {
      storage,
      frame: source,
      hint: "Say the name to restore it to.",
    });
  }

  /** In words, how what was restored under `scratch` differs from what the manifest says, or null. */
  protected async difference(folder: string, record: StoredBackup, scratch: string): Promise<string | null> {
    const frame = await this.load(scratch);
    return differenceFrom(record, {
      frame,
      keepsRowOrder: this.#options.keepsRowOrder,
      content: () => this.contentOf(scratch, frame),
      kept: () => this.readDump(folder, record),
    });
  }

  /** What `DumpedFrame.content` is for the frame that now stands under a name, or undefined where the order of rows is not kept. */
  protected async contentOf(_name: string, frame: DataFrame): Promise<string | undefined> {
    if (!this.#options.keepsRowOrder) return undefined;
    return contentOfFrame(frame);
  }

  /** As `contentOf`, of what `dump` wrote when that says none itself. */
  async #contentOfDump(folder: string, signal?: AbortSignal): Promise<string | undefined> {
    return this.#options.keepsRowOrder ? contentOfFile(join(folder, dataFileName), signal) : undefined;
  }

  /**
   * A failure is a SaveError BACKUP_FAILED, except for a wrong name and for what another try can mend (a busy name, a server
   * that is down): those pass as they are, so that retry code sees them.
   */
  async #backUp(name: string, signal?: AbortSignal): Promise<string | null> {
    const dump = async (folder: string) => {
      const dumped = await this.dump(name, folder);
      return dumped && { ...dumped, content: dumped.content ?? (await this.#contentOfDump(folder, signal)) };
    };
    try {
      return await this.store.createFrom(name, dump, signal);
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof InvalidNameError || (cause instanceof MillraceError && cause.retryable)) throw cause;
      throw new SaveError(`The backup of ${name} failed: ${messageOf(cause)}`, {
        code: "BACKUP_FAILED",
        storage: this.store.storage,
        frame: name,
        cause,
        ...(cause instanceof MillraceError && cause.hint !== undefined && { hint: cause.hint }),
      });
    }
  }
}

const scratchPrefix = "millrace_prove_";

/** Whether a name, with or without a csv ending, is the scratch place of a proof. Storages leave these out of `listSources`. */
export function isScratchName(name: string): boolean {
  return /^millrace_prove_[0-9a-f]{12}(\.|$)/.test(name);
}

/** For savers: what is saved under such a name would be neither listed nor backed up. @throws InvalidNameError */
export function refuseScratchName(name: string, storage: string): void {
  if (!isScratchName(name)) return;
  throw new InvalidNameError(`The name ${name} is kept for the proof of backups.`, {
    storage,
    frame: name,
    hint: "Take another name.",
  });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

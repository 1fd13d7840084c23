import { readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import type { Config } from "../config/settings.ts";
import type { Logger } from "../contracts/logger.ts";
import type { RetentionPolicy } from "../contracts/restorable-backup.ts";
import type { IStorage } from "../contracts/storage.ts";
import { CorruptDataError, SaveError } from "../errors.ts";
import { systemTemp } from "../frame/exchange.ts";
import { segmentName } from "../frame/names.ts";
import { errnoOf, fileError } from "../system/files.ts";
import { withLock } from "../system/lock.ts";
import { removeFolderDurably, removeStaging } from "../system/place-file.ts";
import { firstDamaged } from "./checksum.ts";
import { backupNotFound, checkLocation, sequenceOf } from "./location.ts";
import { type DumpedFrame, makeBackup, writeManifest } from "./make.ts";
import { type Manifest, manifestName, parseManifest, recordOf, type StoredBackup } from "./manifest.ts";
import { type OpenedBackup, openBackup } from "./open.ts";
import { newestFirst } from "./order.ts";
import { backupPlace, placeSegment } from "./place.ts";
import { checkPolicy, notKept } from "./retention.ts";

export type { DumpedFrame };

/** A backup to be made, with the function that writes its files into a folder. */
export interface BackupContent extends DumpedFrame {
  write(folder: string): Promise<void>;
}

export interface BackupStoreOptions {
  /** FS_BACKUP. */
  root: string;
  /** Type of the storage. */
  storage: string;
  /** Which of the places of that type, without a password: see `backupPlace`. */
  place: string;
  logger: Logger;
  /** The service, for the manifest. Default: the program's file name. */
  by?: string;
  lockTimeoutMs: number;
  /** All storages, so that a backup of one can be restored into another. */
  peers?: (() => readonly IStorage[]) | undefined;
  /** Where packed files are unpacked to. Default: the system's own folder. */
  temp?: Pick<Config, "FS_TEMP">;
}

/** The store of the backups of one storage's place, which its `storageId` says, where the settings put them. */
export function openBackupStore(
  {
    config,
    logger,
    storages,
  }: Pick<BackupStoreOptions, "logger"> & {
    config: Config;
    storages?: BackupStoreOptions["peers"];
  },
  storage: string,
  storageId: string,
): BackupStore {
  const root = config.FS_BACKUP ?? join(config.FS_DATA, "backups");
  const place = backupPlace(storageId, root, config.FS_DATA);
  const { LOCK_TIMEOUT: lockTimeoutMs } = config;
  return new BackupStore({ root, storage, place, logger, lockTimeoutMs, temp: config, peers: storages });
}

/**
 * The backups of one place of a storage, each a folder `<root>/<storage>/<place's segment>/<name's segment>/<sequence>-<UTC time>/`
 * with its files and manifest.json. A backup appears under its final name only when it is complete, checked and on disk. Those of
 * other places of the storage are neither listed nor pruned; who has their location can read them.
 *
 * Locks: whoever changes a name's backups holds that name's backup lock. It is a leaf: nothing that runs while it is held
 * takes another lock. The order is therefore always: the storage's lock of a name, then the backup lock; never two names at once.
 */
export class BackupStore {
  readonly storage: string;
  readonly place: string;
  readonly root: string;
  /** Where this place's backups stand, a folder for each name. */
  readonly #shelf: string;
  readonly #options: BackupStoreOptions;

  constructor(options: BackupStoreOptions) {
    this.#options = options;
    this.storage = options.storage;
    this.place = options.place;
    this.root = resolve(options.root);
    this.#shelf = join(this.root, options.storage, placeSegment(options.place));
  }

  /** Makes a backup and resolves with its location. */
  async create(source: string, content: BackupContent): Promise<string> {
    const location = await this.createFrom(source, async (folder) => {
      await content.write(folder);
      return content;
    });
    if (location === null) throw new SaveError(`No backup of ${source} was made.`, { code: "BACKUP_FAILED" });
    return location;
  }

  /**
   * Makes a backup of what `dump` writes into the folder it is given. Resolves with the location, or with null when `dump`
   * resolves with null: there is nothing to back up.
   */
  async createFrom(
    source: string,
    dump: (folder: string) => Promise<DumpedFrame | null>,
    signal?: AbortSignal,
  ): Promise<string | null> {
    return this.#locked(source, signal, async (folder) => {
      await removeStaging(folder);
      const { storage, place } = this;
      const head = { storage, place, source, by: this.#by(), sequence: (await this.#lastSequence(folder)) + 1 };
      return makeBackup(folder, { ...head, created: new Date() }, dump, signal);
    });
  }

  /** The whole backups, newest first by sequence; of all names when `source` is left out. */
  async list(source?: string): Promise<StoredBackup[]> {
    const segments = source === undefined ? await foldersIn(this.#shelf) : [segmentName(source)];
    const found: StoredBackup[] = [];
    for (const segment of segments) {
      for (const folder of await foldersIn(join(this.#shelf, segment))) {
        if (sequenceOf(folder) === null) continue;
        const record = await this.#readOrSkip(join(this.#shelf, segment, folder));
        if (record?.place === this.place && (source === undefined || record.source === source)) found.push(record);
      }
    }
    return newestFirst(found);
  }

  /**
   * What the manifest at a location says, which may be of another place of this storage.
   *
   * @throws NotFoundError BACKUP_NOT_FOUND; CorruptDataError BACKUP_CORRUPT when the manifest is damaged or of a newer version.
   */
  async read(location: string): Promise<StoredBackup> {
    const { folder, manifest } = await this.#manifestAt(location);
    return recordOf(manifest, folder);
  }

  /** Re-reads every byte. False when the manifest or a file is damaged. @throws NotFoundError BACKUP_NOT_FOUND */
  async verify(location: string): Promise<boolean> {
    try {
      await this.readWhole(location);
      return true;
    } catch (cause) {
      if (cause instanceof CorruptDataError) return false;
      throw cause;
    }
  }

  /** Like `read`, after every byte was re-read. @throws CorruptDataError BACKUP_CORRUPT names the first damaged file. */
  async readWhole(location: string): Promise<StoredBackup> {
    const record = await this.read(location);
    const damaged = await firstDamaged(record.location, record.files);
    if (damaged !== null) {
      throw new CorruptDataError(`The backup ${record.location} is damaged: ${damaged} is not what was written.`, {
        ...this.#about(record.source),
        code: "BACKUP_CORRUPT",
        hint: "Use an older backup; `verifyBackup` tells which are whole.",
      });
    }
    return record;
  }

  /** The storage whose backup a location is of, by its folder. Null outside of the backups' folder. */
  storageAt(location: string): string | null {
    const [first = "..", ...more] = relative(this.root, resolve(this.root, location)).split(sep);
    return first === ".." || more.length === 0 ? null : first;
  }

  /** Another storage of the same program. */
  peer(type: string): IStorage | undefined {
    return this.#options.peers?.().find((storage) => storage.type === type);
  }

  /** The files of a backup as the storage wrote them, every byte checked. @throws as `readWhole` */
  async open(location: string): Promise<OpenedBackup> {
    return openBackup(await this.readWhole(location), this.#options.temp ?? systemTemp);
  }

  /** Removes what the policy does not keep (of one name, or of all), and resolves with what was or would be removed. */
  async prune(policy: RetentionPolicy, source?: string): Promise<StoredBackup[]> {
    checkPolicy(policy, this.storage);
    const sources = source === undefined ? new Set((await this.list()).map((record) => record.source)) : [source];
    const removed: StoredBackup[] = [];
    for (const name of sources) {
      removed.push(...(await this.#locked(name, undefined, (folder) => this.#pruneName(name, folder, policy))));
    }
    return removed;
  }

  /** Keeps in the manifest when a restore of the backup was found equal. */
  async markProven(location: string, when: Date): Promise<void> {
    const { source, location: whole } = await this.read(location);
    await this.#lockedFolder(dirname(whole), source, undefined, async () => {
      const { folder, manifest } = await this.#manifestAt(location);
      await writeManifest(folder, { ...manifest, proven: when.toISOString() });
    });
  }

  async #manifestAt(location: string): Promise<{ folder: string; manifest: Manifest }> {
    const folder = await checkLocation(this.root, this.storage, location);
    const text = await readFile(join(folder, manifestName), "utf8").catch((cause: unknown) => {
      if (errnoOf(cause) === "ENOENT") throw backupNotFound(this.storage, location);
      throw fileError(cause, { doing: `read the manifest of ${location}`, storage: this.storage });
    });
    const manifest = parseManifest(text, folder);
    if (manifest.storage !== this.storage) throw backupNotFound(this.storage, location);
    return { folder, manifest };
  }

  async #pruneName(name: string, folder: string, policy: RetentionPolicy): Promise<StoredBackup[]> {
    const doomed = notKept(await this.list(name), policy, new Date());
    if (policy.dryRun) return doomed;
    await removeStaging(folder);
    for (const { location } of doomed) await removeFolderDurably(location);
    return doomed;
  }

  /** By folder name, so that a damaged backup's number is not used again. */
  async #lastSequence(folder: string): Promise<number> {
    return Math.max(0, ...(await foldersIn(folder)).map((name) => sequenceOf(name) ?? 0));
  }

  async #readOrSkip(location: string): Promise<StoredBackup | null> {
    try {
      return await this.read(location);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.#options.logger.warn({ storage: this.storage, location }, `Not listed as a backup: ${reason}`);
      return null;
    }
  }

  async #locked<T>(source: string, signal: AbortSignal | undefined, work: (folder: string) => Promise<T>): Promise<T> {
    return this.#lockedFolder(join(this.#shelf, segmentName(source)), source, signal, work);
  }

  async #lockedFolder<T>(
    folder: string,
    source: string,
    signal: AbortSignal | undefined,
    work: (folder: string) => Promise<T>,
  ): Promise<T> {
    return withLock(join(folder, ".lock"), () => work(folder), {
      ...this.#about(source),
      timeoutMs: this.#options.lockTimeoutMs,
      what: `the backups of ${source} in ${this.storage}`,
      ...(signal && { signal }),
    });
  }

  #by(): string {
    const program = this.#options.by ?? basename(process.argv[1] ?? "node");
    return `${program} on ${hostname()}, process ${process.pid}`;
  }

  #about(source: string): { storage: string; frame: string } {
    return { storage: this.storage, frame: source };
  }
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    if (errnoOf(cause) === "ENOENT") return [];
    throw fileError(cause, { doing: `list the backups in ${folder}` });
  });
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith(".")).map(({ name }) => name);
}

import { hostname } from "node:os";
import { basename, join } from "node:path";
import type { Config } from "../config/settings.ts";
import type { Logger } from "../contracts/logger.ts";
import type { RetentionPolicy } from "../contracts/restorable-backup.ts";
import type { IStorage } from "../contracts/storage.ts";
import { CorruptDataError, NotFoundError, SaveError, UnavailableError } from "../errors.ts";
import { systemTemp } from "../frame/exchange.ts";
import { segmentName } from "../frame/names.ts";
import { withLock } from "../system/lock.ts";
import { firstDamaged } from "./checksum.ts";
import type { Depot } from "./depot.ts";
import { DiskDepot } from "./disk-depot.ts";
import { backupNotFound, checkLocation, sequenceOf } from "./location.ts";
import { type DumpedFrame, makeBackup } from "./make.ts";
import { type Manifest, manifestText, parseManifest, recordOf, type StoredBackup } from "./manifest.ts";
import { type OpenedBackup, openBackup } from "./open.ts";
import { newestFirst } from "./order.ts";
import { backupPlace, placeSegment } from "./place.ts";
import { checkPolicy, notKept } from "./retention.ts";
import { isS3, S3Depot } from "./s3-depot.ts";

export type { DumpedFrame };

/** A backup to be made, with the function that writes its files into a folder. */
export interface BackupContent extends DumpedFrame {
  write(folder: string): Promise<void>;
}

export interface BackupStoreOptions {
  /** FS_BACKUP: a folder, for which `depot` is not needed. */
  root: string;
  /** Where the backups stand, if not in a folder. */
  depot?: Depot;
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
  const { LOCK_TIMEOUT: lockTimeoutMs } = config;
  const options = { root, storage, logger, lockTimeoutMs, temp: config, peers: storages };
  if (isS3(root)) return new BackupStore({ ...options, place: storageId, depot: new S3Depot(root, config) });
  return new BackupStore({ ...options, place: backupPlace(storageId, root, config.FS_DATA) });
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
  readonly depot: Depot;
  /** Where this place's backups stand, a folder for each name. */
  readonly #shelf: readonly string[];
  readonly #options: BackupStoreOptions;

  constructor(options: BackupStoreOptions) {
    this.#options = options;
    this.storage = options.storage;
    this.place = options.place;
    this.depot = options.depot ?? new DiskDepot(options.root);
    this.#shelf = [options.storage, placeSegment(options.place)];
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
      await this.depot.clean(folder);
      const { storage, place } = this;
      const head = { storage, place, source, by: this.#by(), sequence: (await this.#lastSequence(folder)) + 1 };
      return makeBackup(this.depot, folder, { ...head, created: new Date() }, dump, signal);
    });
  }

  /** The whole backups, newest first by sequence; of all names when `source` is left out. */
  async list(source?: string): Promise<StoredBackup[]> {
    const segments = source === undefined ? await this.depot.folders(this.#shelf) : [segmentName(source)];
    const found: StoredBackup[] = [];
    for (const segment of segments) {
      const folders = await this.depot.folders([...this.#shelf, segment]);
      const paths = folders.filter((name) => sequenceOf(name) !== null).map((name) => [...this.#shelf, segment, name]);
      for (const record of await inParallel(paths, (path) => this.#readOrSkip(path))) {
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
    const { path, manifest } = await this.#manifestAt(location);
    return recordOf(manifest, this.depot.location(path));
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
    const { path, manifest } = await this.#manifestAt(location);
    const record = recordOf(manifest, this.depot.location(path));
    this.#refuse(record, await this.depot.firstDamaged(path, record.files));
    return record;
  }

  /** The storage whose backup a location is of, by its folder. Null outside of the backups' folder. */
  storageAt(location: string): string | null {
    return this.depot.path(location)?.[0] ?? null;
  }

  /** Another storage of the same program. */
  peer(type: string): IStorage | undefined {
    return this.#options.peers?.().find((storage) => storage.type === type);
  }

  /** The files of a backup as the storage wrote them, every byte checked. @throws as `readWhole` */
  async open(location: string): Promise<OpenedBackup> {
    const { path, manifest } = await this.#manifestAt(location);
    const record = recordOf(manifest, this.depot.location(path));
    await using opened = new AsyncDisposableStack();
    const files = opened.use(await this.depot.fetch(path, record.files));
    this.#refuse(record, await firstDamaged(files.folder, record.files));
    const backup = await openBackup(record, files, this.#options.temp ?? systemTemp);
    opened.move();
    return backup;
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

  /** Removes one backup of this storage; false when there is none. */
  async remove(location: string): Promise<boolean> {
    const found = await this.#manifestAt(location).catch((cause: unknown) => {
      if (cause instanceof NotFoundError) return null;
      throw cause;
    });
    if (!found) return false;
    const { path, manifest } = found;
    await this.#lockedFolder(path.slice(0, -1), manifest.source, undefined, () => this.depot.remove(path));
    return true;
  }

  /** Keeps in the manifest when a restore of the backup was found equal. */
  async markProven(location: string, when: Date): Promise<void> {
    const { path: whole, manifest: before } = await this.#manifestAt(location);
    await this.#lockedFolder(whole.slice(0, -1), before.source, undefined, async () => {
      const { path, manifest } = await this.#manifestAt(location);
      await this.depot.replaceManifest(path, manifestText({ ...manifest, proven: when.toISOString() }));
    });
  }

  async #manifestAt(location: string): Promise<{ path: readonly string[]; manifest: Manifest }> {
    const path = await checkLocation(this.depot, this.storage, location);
    return { path, manifest: await this.#manifestOf(path) };
  }

  async #manifestOf(path: readonly string[]): Promise<Manifest> {
    const location = this.depot.location(path);
    const text = await this.depot.manifest(path);
    const manifest = text === null ? null : parseManifest(text, location);
    if (manifest?.storage !== this.storage) throw backupNotFound(this.storage, location);
    return manifest;
  }

  #refuse(record: StoredBackup, damaged: string | null): void {
    if (damaged === null) return;
    throw new CorruptDataError(`The backup ${record.location} is damaged: ${damaged} is not what was written.`, {
      ...this.#about(record.source),
      code: "BACKUP_CORRUPT",
      hint: "Use an older backup; `verifyBackup` tells which are whole.",
    });
  }

  async #pruneName(name: string, folder: readonly string[], policy: RetentionPolicy): Promise<StoredBackup[]> {
    const doomed = notKept(await this.list(name), policy, new Date());
    if (policy.dryRun) return doomed;
    await this.depot.clean(folder);
    for (const { location } of doomed) await this.depot.remove(this.depot.path(location) ?? []);
    return doomed;
  }

  /** By folder name, so that a damaged backup's number is not used again. */
  async #lastSequence(folder: readonly string[]): Promise<number> {
    return Math.max(0, ...(await this.depot.folders(folder)).map((name) => sequenceOf(name) ?? 0));
  }

  async #readOrSkip(path: readonly string[]): Promise<StoredBackup | null> {
    const location = this.depot.location(path);
    try {
      return recordOf(await this.#manifestOf(path), location);
    } catch (cause) {
      if (cause instanceof UnavailableError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.#options.logger.warn({ storage: this.storage, location }, `Not listed as a backup: ${reason}`);
      return null;
    }
  }

  async #locked<T>(
    source: string,
    signal: AbortSignal | undefined,
    work: (folder: readonly string[]) => Promise<T>,
  ): Promise<T> {
    return this.#lockedFolder([...this.#shelf, segmentName(source)], source, signal, work);
  }

  async #lockedFolder<T>(
    folder: readonly string[],
    source: string,
    signal: AbortSignal | undefined,
    work: (folder: readonly string[]) => Promise<T>,
  ): Promise<T> {
    return withLock(this.depot.lockFile(folder), () => work(folder), {
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

/** So many at once: the manifests of a bucket take a while each. */
const atOnce = 16;

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let at = 0; at < items.length; at += atOnce) {
    done.push(...(await Promise.all(items.slice(at, at + atOnce).map(work))));
  }
  return done;
}

import type { BackupFile } from "../contracts/restorable-backup.ts";

/** How a backup is made in a depot. */
export interface MakeOptions {
  /** Writes all files, the manifest too, into a folder. */
  fill(staging: string): Promise<void>;
  /** Rejects when what is in that folder is not as it has to be. */
  check(staging: string): Promise<void>;
  files(staging: string): Promise<readonly BackupFile[]>;
  storage: string;
  frame: string;
  signal?: AbortSignal | undefined;
}

/** Files of a backup in a folder of this machine. */
export interface FetchedFiles extends AsyncDisposable {
  readonly folder: string;
}

/**
 * Where backups stand: a folder of a disk, or a bucket. Everything has a path below it, given in parts; a backup is a folder with
 * its files and a manifest, and is there only with its manifest.
 */
export interface Depot {
  /** What every location begins with. */
  readonly root: string;
  /** The file whose lock keeps two programs of this machine from changing what is below a path at once. */
  lockFile(path: readonly string[]): string;
  /** The location of a path, as users are given it. */
  location(path: readonly string[]): string;
  /** The path of a location, as it is written; null outside of the depot. */
  path(location: string): readonly string[] | null;
  /** Whether a folder is there, and no link on the way to it. */
  holds(path: readonly string[]): Promise<boolean>;
  folders(path: readonly string[]): Promise<string[]>;
  /** The text of a backup's manifest; null when there is none. */
  manifest(path: readonly string[]): Promise<string | null>;
  replaceManifest(path: readonly string[], text: string): Promise<void>;
  /** Puts a backup there: all of it or nothing. */
  make(path: readonly string[], options: MakeOptions): Promise<void>;
  fetch(path: readonly string[], files: readonly BackupFile[]): Promise<FetchedFiles>;
  /** The first of the files that is missing or differs. Reads every byte. */
  firstDamaged(path: readonly string[], files: readonly BackupFile[]): Promise<string | null>;
  remove(path: readonly string[]): Promise<void>;
  /** Removes what ended programs left below a path. The caller holds its lock. */
  clean(path: readonly string[]): Promise<void>;
  /** Rejects when no backup can be put there now. */
  assertUsable(): Promise<void>;
}

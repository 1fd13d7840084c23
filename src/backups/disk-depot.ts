import { constants } from "node:fs";
import { access, lstat, readdir, readFile, writeFile } from "node:fs/promises";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import type { BackupFile } from "../contracts/restorable-backup.ts";
import { errnoOf, fileError } from "../system/files.ts";
import { nearestExisting } from "../system/folders.ts";
import { placeFile, placeFolder, removeFolderDurably, removeStaging } from "../system/place-file.ts";
import { firstDamaged } from "./checksum.ts";
import type { Depot, FetchedFiles, MakeOptions } from "./depot.ts";
import { manifestName } from "./manifest.ts";

/** Backups in a folder of a disk. */
export class DiskDepot implements Depot {
  readonly root: string;

  constructor(root: string) {
    this.root = resolve(root);
  }

  lockFile(path: readonly string[]): string {
    return join(this.location(path), ".lock");
  }

  location(path: readonly string[]): string {
    return join(this.root, ...path);
  }

  path(location: string): readonly string[] | null {
    if (location.includes("\0")) return null;
    const whole = isAbsolute(location) ? location : join(this.root, location);
    const parts = relative(this.root, whole).split(sep);
    return parts[0] === ".." || parts[0] === "" ? null : parts;
  }

  async holds(path: readonly string[]): Promise<boolean> {
    for (let depth = 1; depth <= path.length; depth++) {
      const found = await lstat(this.location(path.slice(0, depth))).catch(() => null);
      if (!found?.isDirectory()) return false;
    }
    return true;
  }

  async folders(path: readonly string[]): Promise<string[]> {
    const folder = this.location(path);
    const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
      if (errnoOf(cause) === "ENOENT") return [];
      throw fileError(cause, { doing: `list the backups in ${folder}` });
    });
    return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith(".")).map(({ name }) => name);
  }

  async manifest(path: readonly string[]): Promise<string | null> {
    const file = join(this.location(path), manifestName);
    return readFile(file, "utf8").catch((cause: unknown) => {
      if (errnoOf(cause) === "ENOENT") return null;
      throw fileError(cause, { doing: `read ${file}` });
    });
  }

  replaceManifest(path: readonly string[], text: string): Promise<void> {
    const write = (staging: string) => writeFile(staging, text);
    return placeFile(join(this.location(path), manifestName), write, { mode: 0o600 });
  }

  async make(path: readonly string[], { fill, check, storage, frame, signal }: MakeOptions): Promise<void> {
    const options = { mode: 0o700, beforePlace: check, storage, frame, ...(signal && { signal }) };
    await placeFolder(this.location(path), fill, options);
  }

  async fetch(path: readonly string[]): Promise<FetchedFiles> {
    return { folder: this.location(path), async [Symbol.asyncDispose]() {} };
  }

  firstDamaged(path: readonly string[], files: readonly BackupFile[]): Promise<string | null> {
    return firstDamaged(this.location(path), files);
  }

  async remove(path: readonly string[]): Promise<void> {
    await removeFolderDurably(this.location(path));
  }

  clean(path: readonly string[]): Promise<void> {
    return removeStaging(this.location(path));
  }

  async assertUsable(): Promise<void> {
    await access(await nearestExisting(this.root), constants.W_OK | constants.X_OK);
  }
}

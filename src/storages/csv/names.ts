import { lstat, readdir } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import type { Config } from "../../config/settings.ts";
import { InvalidNameError } from "../../errors.ts";
import { checkName } from "../../frame/names.ts";
import { errnoOf, fileError } from "../../system/files.ts";
import { isStaging } from "../../system/place-file.ts";

/** How a file is written, which its name's ending says. */
export interface CsvFormat {
  ending: string;
  separator: string;
  compression: "uncompressed" | "gzip" | "zstd";
}

const formats: CsvFormat[] = [
  { ending: ".csv", separator: ",", compression: "uncompressed" },
  { ending: ".tsv", separator: "\t", compression: "uncompressed" },
  { ending: ".csv.gz", separator: ",", compression: "gzip" },
  { ending: ".csv.zst", separator: ",", compression: "zstd" },
];

/** The name with its ending: `x` is short for `x.csv`. */
export function csvName(name: string): string {
  return typeof name === "string" && formatOf(name) === undefined ? `${name}.csv` : name;
}

/** What the ending of a whole name says; undefined when it has none of the four. */
export function formatOf(name: string): CsvFormat | undefined {
  return formats.find(({ ending }) => name.endsWith(ending) && name.length > ending.length);
}

/** The name without its ending, which has to be a name too: `x.` would be one with it. */
function baseOf(name: string): string {
  return name.slice(0, name.length - (formatOf(name)?.ending.length ?? 0));
}

/** The folder of the csv storage: names to paths and back, without a way out. */
export class CsvFolder {
  readonly root: string;
  /** Folders in the root that are no place for CSV files, in lower case. */
  readonly #reserved: Set<string>;
  /** FS_BACKUP and FS_TEMP, where they lie below the root. */
  readonly #foreign: string[];

  constructor(config: Config) {
    this.root = resolve(config.FS_DATA);
    this.#reserved = new Set(["arctic", "backups", ".millrace"]);
    this.#foreign = [config.FS_BACKUP, config.FS_TEMP]
      .filter((path) => path !== undefined)
      .map((path) => relative(this.root, resolve(path)).split(sep).join("/"))
      .filter((path) => path !== "" && path !== ".." && !path.startsWith("../"));
  }

  /**
   * The path of a whole name (`csvName`). Every folder on the way is checked to be no link, and so is the file.
   *
   * @throws InvalidNameError
   */
  async path(name: string): Promise<string> {
    this.check(name);
    const parts = name.split("/");
    let path = this.root;
    for (const [i, part] of parts.entries()) {
      path = join(path, part);
      const found = await lstat(path).catch((cause: unknown) => {
        if (errnoOf(cause) === "ENOENT") return null;
        throw fileError(cause, { storage: "csv", frame: name, doing: `look up ${name}` });
      });
      if (found === null) return join(this.root, ...parts);
      const fits = i < parts.length - 1 ? found.isDirectory() : found.isFile();
      if (!fits)
        throw this.#refused(name, found.isSymbolicLink() ? `${part} is a symbolic link` : `${part} is in the way`);
    }
    return path;
  }

  /** @throws InvalidNameError for a name that no CSV file may have. */
  check(name: string): void {
    checkName(name, { storage: "csv", folders: true });
    checkName(baseOf(name), { storage: "csv", folders: true });
    if (this.#isReserved(name)) throw this.#refused(name, "that folder is reserved");
  }

  /** Every file that can be read, sorted. */
  async list(): Promise<string[]> {
    const names: string[] = [];
    await this.#walk("", names);
    return names.sort((a, b) => (a < b ? -1 : 1));
  }

  /** What has the same name but for its ending and letter case, sorted; also where it can't be read for its capital letters. */
  async alike(name: string): Promise<string[]> {
    const slash = name.lastIndexOf("/") + 1;
    const base = baseOf(name).slice(slash).toLowerCase();
    const wanted = formats.map(({ ending }) => `${base}${ending}`);
    const entries = await readdir(join(this.root, name.slice(0, slash)), { withFileTypes: true }).catch(() => []);
    const files = entries.filter((entry) => entry.isFile() && wanted.includes(entry.name.toLowerCase()));
    return files.map((entry) => `${name.slice(0, slash)}${entry.name}`).sort();
  }

  async #walk(folder: string, names: string[]): Promise<void> {
    const entries = await readdir(join(this.root, folder), { withFileTypes: true }).catch((cause: unknown) => {
      // Not made yet, or removed meanwhile; a folder of someone else's below the root is none of ours.
      if (errnoOf(cause) === "ENOENT" || (folder !== "" && errnoOf(cause) === "EACCES")) return [];
      throw fileError(cause, { storage: "csv", doing: `list ${join(this.root, folder)}` });
    });
    for (const entry of entries) {
      const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.name.startsWith(".") || isStaging(entry.name) || this.#isReserved(`${name}/`)) continue;
      if (entry.isDirectory()) await this.#walk(name, names);
      else if (entry.isFile() && formatOf(entry.name) && this.#isValid(name)) names.push(name);
    }
  }

  #isValid(name: string): boolean {
    try {
      this.check(name);
      return true;
    } catch {
      return false;
    }
  }

  #isReserved(name: string): boolean {
    const slash = name.indexOf("/");
    if (slash < 0) return false;
    return (
      this.#reserved.has(name.slice(0, slash).toLowerCase()) ||
      this.#foreign.some((folder) => name.startsWith(`${folder}/`))
    );
  }

  #refused(name: string, why: string): InvalidNameError {
    return new InvalidNameError(`"${name}" is no name for a CSV file: ${why}.`, {
      storage: "csv",
      frame: name,
      hint: "Choose a name that stays within FS_DATA, outside arctic, backups and .millrace.",
    });
  }
}

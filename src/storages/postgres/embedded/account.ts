import { lchown, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { UnavailableError } from "../../../errors.ts";
import { run } from "../../../system/run.ts";

/** Under which user PostgreSQL's programs run: it refuses to run as root. */
export interface Account {
  /** Put before the program and its arguments. */
  readonly prefix: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
  /** Who has to own the data folder, when it is not the user of this process. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/** `nobody`: it has a passwd entry everywhere, which initdb wants. */
const nobody = 65534;

/**
 * The account for programs that work in `folder`. As an ordinary user that is the user. As root, in this order: who owns the
 * data already, `nobody` where it can enter the folders, and root in a user namespace in which it is called `nobody`.
 *
 * @throws UnavailableError ACCESS_DENIED when none of them can run it.
 */
export async function findAccount(postgres: string, folder: string): Promise<Account> {
  if (process.geteuid?.() !== 0) return { prefix: [] };
  const candidates: Account[] = [];
  const owner = await lstat(join(folder, "data")).catch(() => null);
  if (owner && owner.uid !== 0 && owner.uid !== nobody) candidates.push(accountOf(owner.uid, owner.gid));
  candidates.push(accountOf(nobody, nobody), {
    prefix: ["unshare", "-U", `--map-user=${nobody}`, `--map-group=${nobody}`],
    owner: { uid: 0, gid: 0 },
  });
  for (const account of candidates) if (await canRun(account, postgres, folder)) return account;
  throw new UnavailableError("PostgreSQL refuses to run as root, and no other way to run it works here.", {
    storage: "postgres",
    code: "ACCESS_DENIED",
    hint:
      "Run the program as an ordinary user; or put FS_DATA and node_modules where the user `nobody` may enter; " +
      "or allow user namespaces (`unshare -U`); or name a server with DB_SERVER.",
  });
}

/** The command line and the options for `startChild` or `run`. */
export function asAccount(account: Account, command: string, args: string[]) {
  const [first = command, ...rest] = [...account.prefix, command, ...args];
  const { uid, gid } = account;
  return { command: first, args: rest, as: { ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) } };
}

/** Gives a folder and all in it to the account, where that is needed. */
export async function giveTo(account: Account, folder: string): Promise<void> {
  const { owner } = account;
  if (!owner || (await lstat(folder)).uid === owner.uid) return;
  // The top comes last: while it has its old owner the work is not done.
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    await lchown(join(entry.parentPath, entry.name), owner.uid, owner.gid);
  }
  await lchown(folder, owner.uid, owner.gid);
}

function accountOf(uid: number, gid: number): Account {
  return { prefix: [], uid, gid, owner: { uid, gid } };
}

async function canRun(account: Account, postgres: string, folder: string): Promise<boolean> {
  const script = 'cd "$1" && exec "$2" --version';
  const { command, args, as } = asAccount(account, "sh", ["-c", script, "sh", folder, postgres]);
  const result = await run(command, args, { ...as, cwd: "/", env: serverEnv(), timeoutMs: 10_000 }).catch(() => null);
  return result?.code === 0;
}

/** PostgreSQL's programs take nothing from the caller's environment but the search path. */
export function serverEnv(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };
}

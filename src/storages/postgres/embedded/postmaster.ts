import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UnavailableError } from "../../../errors.ts";
import { startChild } from "../../../system/child.ts";
import { run } from "../../../system/run.ts";
import { type Account, asAccount, serverEnv } from "./account.ts";
import type { EmbeddedPaths } from "./paths.ts";

/** A PostgreSQL server process on a data folder. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** Resolves once it has ended. */
  readonly gone: Promise<void>;
  /** Ends it in order: open transactions are rolled back. Resolves when it is gone. */
  stop(): Promise<void>;
}

/** What postmaster.pid says: line 1 the pid, line 4 the port, line 8 the state (`ready`, `starting` …). */
interface PidFile {
  readonly pid: number;
  readonly port: number;
  readonly state: string;
}

async function readPidFile(data: string): Promise<PidFile | null> {
  const text = await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "");
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  return Number.isInteger(pid) && pid > 0 ? { pid, port: Number(lines[3]), state: (lines[7] ?? "").trim() } : null;
}

/** The server that runs on the data folder without a guardian, such as after the guardian was killed; else null. */
export async function findPostmaster(paths: EmbeddedPaths): Promise<Postmaster | null> {
  const file = await readPidFile(paths.data);
  if (!file || !(await isServerOf(file.pid, paths.data))) return null;
  return { pid: file.pid, port: file.port, gone: watch(file.pid), stop: () => stopByPid(file.pid, paths.data) };
}

/** A pid may have been given to another program since: only one that names this data folder counts. */
async function isServerOf(pid: number, data: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => null);
  if (commandLine !== null) return commandLine.split("\0").includes(data);
  if (process.platform === "linux") return false;
  // Without -ww macOS cuts the line at 79 letters.
  const listed = await run("ps", ["-ww", "-o", "command=", "-p", String(pid)]).catch(() => null);
  return listed?.stdout.includes(data) ?? false;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return cause instanceof Error && "code" in cause && cause.code === "EPERM";
  }
}

async function watch(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(250, undefined, { ref: false });
}

async function stopByPid(pid: number, data: string): Promise<void> {
  if (!(await isServerOf(pid, data))) return;
  signal(pid, "SIGINT");
  for (let waited = 0; isAlive(pid); waited += 20) {
    if (waited === 20_000) signal(pid, "SIGQUIT");
    await sleep(20);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended meanwhile.
  }
}

/** Settings that the project needs; everything else is PostgreSQL's default, or the user's in postgresql.conf. */
function serverSettings(port: number): string[] {
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    // A socket's path may have 107 bytes, which a project folder can exceed.
    unix_socket_directories: "",
    timezone: "UTC",
    log_timezone: "UTC",
    logging_collector: "off",
    // There are no replicas: rows copied into a table of the same transaction then need no log.
    wal_level: "minimal",
    max_wal_senders: "0",
    max_wal_size: "2GB",
    // So that the space of replaced rows is used again by the next save.
    autovacuum_naptime: "10s",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/**
 * Starts the server and resolves once it takes connections. Data of a server that was killed is recovered first. While
 * processes of a killed one still hold its shared memory, PostgreSQL refuses to start: that is tried again.
 *
 * @throws UnavailableError with the last lines of the log.
 */
export async function startPostmaster(
  paths: EmbeddedPaths,
  postgres: string,
  account: Account,
  port: number,
): Promise<Postmaster> {
  for (let attempt = 1; ; attempt++) {
    const started = await startOnce(paths, postgres, account, port);
    if (typeof started !== "string") return started;
    if (attempt >= 40 || !/shared memory block|lock file "postmaster.pid" already exists/.test(started)) {
      const lines = started.trim().split("\n").slice(-4).join(" ");
      throw new UnavailableError(`The embedded PostgreSQL did not start: ${lines}`, {
        storage: "postgres",
        hint: `The whole log is ${paths.log}.`,
      });
    }
    await sleep(250);
  }
}

/** The server, or what it wrote before it ended. */
async function startOnce(
  paths: EmbeddedPaths,
  postgres: string,
  account: Account,
  port: number,
): Promise<Postmaster | string> {
  // The file stays when its process is dead: PostgreSQL finds by it whether children of that one still run. It only goes
  // when another program has got that pid since, which PostgreSQL could take for a server.
  const left = await readPidFile(paths.data);
  if (left && isAlive(left.pid) && !(await isServerOf(left.pid, paths.data))) {
    await rm(join(paths.data, "postmaster.pid"), { force: true });
  }
  const { command, args, as } = asAccount(account, postgres, ["-D", paths.data, ...serverSettings(port)]);
  const child = await startChild({
    ...{ name: "embedded PostgreSQL", command, args, ...as, cwd: "/", env: serverEnv() },
    // Detached: a guardian that is killed leaves a server that the next one can adopt.
    ...{ detached: true, logFile: paths.log, stopSignal: "SIGINT" as const },
  });
  let ended = false;
  const gone = child.exited.then(() => {
    ended = true;
  });
  while (!ended) {
    const file = await readPidFile(paths.data);
    if (file?.pid === child.pid && file.state === "ready") {
      return { pid: child.pid, port, gone, stop: () => child.stop(20_000) };
    }
    await Promise.race([gone, sleep(10)]);
  }
  return child.stderrTail();
}

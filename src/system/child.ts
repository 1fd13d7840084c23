import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { UnavailableError } from "../errors.ts";
import { errnoOf } from "./files.ts";
import { keepTail, type TailKeeper, tailOfFile } from "./tail.ts";

/** What to start. */
export interface ChildOptions {
  /** What it is, in the words of an error: `embedded PostgreSQL`. */
  name: string;
  command: string;
  args: string[];
  /** All of its environment. Default: this process's. */
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  uid?: number;
  gid?: number;
  /** It outlives this process, in a session of its own. Give it a `logFile`: a pipe would end with this process. */
  detached?: boolean;
  /** Standard output and error are appended here; there are no pipes then, and stdin is empty. */
  logFile?: string;
  /** Default: stdin and stdout are pipes. stderr is always kept. */
  stdio?: { stdin?: "pipe" | "ignore"; stdout?: "pipe" | "ignore" };
  /** What asks it to end. Default SIGTERM; PostgreSQL wants SIGINT. */
  stopSignal?: NodeJS.Signals;
}

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A process that was started here and is waited for, so that it is never left as a zombie. */
export interface Child {
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  /** Resolves when it has ended. Never rejects. */
  readonly exited: Promise<Exit>;
  /** The last 8 KB that it wrote to stderr, or to its log file. */
  stderrTail(): string;
  /** Asks it to end, kills it (a detached one with its whole group) after `graceMs`, and resolves when it is gone. */
  stop(graceMs: number): Promise<void>;
  /** Lets this process end while the child runs. */
  unref(): void;
}

/**
 * Starts a process and resolves once it runs. One that is not detached is killed when this process exits.
 *
 * @throws UnavailableError DEPENDENCY_MISSING when there is no such command, ACCESS_DENIED when it must not be run.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const log = options.logFile === undefined ? undefined : openSync(options.logFile, "a", 0o600);
  try {
    const child = spawn(options.command, options.args, spawnOptions(options, log));
    // Before the first await: an error event without a listener would end this process.
    const started = new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.on("error", reject);
    });
    const tail = keepTail(child.stderr);
    await started;
    return supervise(child, options, tail);
  } catch (cause) {
    throw startError(cause, options);
  } finally {
    if (log !== undefined) closeSync(log);
  }
}

function spawnOptions(options: ChildOptions, log: number | undefined): SpawnOptions {
  const { env, cwd, uid, gid, detached, stdio } = options;
  return {
    stdio: log === undefined ? [stdio?.stdin ?? "pipe", stdio?.stdout ?? "pipe", "pipe"] : ["ignore", log, log],
    ...(env && { env }),
    ...(cwd !== undefined && { cwd }),
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
    ...(detached && { detached }),
  };
}

function supervise(child: ChildProcess, options: ChildOptions, tail: TailKeeper): Child {
  const { detached = false, logFile, stopSignal = "SIGTERM" } = options;
  const pid = child.pid ?? 0;
  // Writing to a child that is gone is seen by its exit.
  for (const stream of child.stdio) stream?.on("error", () => {});
  let gone = false;
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => {
      gone = true;
      attached.delete(child);
      // What it wrote last may still be in the pipe; a grandchild that keeps the pipe open is not waited for.
      const timer = setTimeout(() => resolve({ code, signal }), 250);
      child.once("close", () => {
        clearTimeout(timer);
        resolve({ code, signal });
      });
    });
  });
  if (!detached) killAtExit(child);
  return {
    pid,
    stdin: child.stdin,
    stdout: child.stdout,
    exited,
    stderrTail: () => (logFile === undefined ? tail() : tailOfFile(logFile)),
    async stop(graceMs) {
      if (gone) return void (await exited);
      child.kill(stopSignal);
      const timer = setTimeout(() => (detached ? killGroup(pid) : child.kill("SIGKILL")), graceMs);
      await exited;
      clearTimeout(timer);
    },
    unref() {
      child.unref();
      for (const stream of child.stdio) (stream as { unref?: () => void } | null)?.unref?.();
    },
  };
}

/** A child that was detached leads a group of its own, which has its pid. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended by itself meanwhile.
  }
}

/** Children that must not outlive this process. */
const attached = new Set<ChildProcess>();

function killAtExit(child: ChildProcess): void {
  if (attached.size === 0 && !process.listeners("exit").includes(killAttached)) process.on("exit", killAttached);
  attached.add(child);
}

function killAttached(): void {
  for (const child of attached) child.kill("SIGKILL");
}

function startError(cause: unknown, { name, command, cwd }: ChildOptions): UnavailableError {
  const errno = errnoOf(cause);
  if (errno === "ENOENT" && cwd !== undefined && !existsSync(cwd)) {
    return new UnavailableError(`Could not start ${name}: the folder ${cwd} is not there.`, { cause });
  }
  if (errno === "ENOENT") {
    return new UnavailableError(`Could not start ${name}: there is no command ${command}.`, {
      cause,
      code: "DEPENDENCY_MISSING",
      hint: `Install ${command}, or put it on the PATH.`,
    });
  }
  if (errno === "EACCES" || errno === "EPERM") {
    return new UnavailableError(`Could not start ${name}: this user may not run ${command}.`, {
      cause,
      code: "ACCESS_DENIED",
      hint: "Check the rights of the command and of every folder above it.",
    });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UnavailableError(`Could not start ${name}: ${reason}.`, { cause });
}

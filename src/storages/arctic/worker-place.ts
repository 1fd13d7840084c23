import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { privateFolder } from "../../system/folders.ts";
import { run } from "../../system/run.ts";

/** Version of what is spoken over the socket; a worker of another one has another socket. */
export const protocolVersion = 3;

/** The path of a Unix socket has at most 107 bytes, on macOS 103. */
const maxSocketBytes = 103;

/** The folder of this user's worker sockets, which only this user may enter. Made if need be. */
export async function workerFolder(): Promise<string> {
  return privateFolder(workerFolderPath());
}

/** The same, without making it. */
export function workerFolderPath(): string {
  const runtime = process.env.XDG_RUNTIME_DIR;
  const { uid } = userInfo();
  const name = `millrace-${uid}`;
  // After `su` and the like the variable still names the folder of another user.
  const own = runtime ? statSync(runtime, { throwIfNoEntry: false })?.uid === uid : false;
  const folder = runtime && own ? join(runtime, "millrace") : join(tmpdir(), name);
  return folder.length <= maxSocketBytes - 30 ? folder : join("/tmp", name);
}

/** The socket's file name: the same for all programs that want the same worker, and hiding what it is made of. */
export function workerName(identity: readonly string[]): string {
  const text = JSON.stringify([protocolVersion, ...identity]);
  return `arctic-${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
}

/** The pid that a worker left beside its socket, when that process still is this worker. */
export async function workerPid(socket: string): Promise<number | null> {
  const pid = Number(await readFile(`${socket}.lock`, "utf8").catch(() => ""));
  if (!Number.isInteger(pid) || pid <= 1) return null;
  return (await argumentsOf(pid)).includes(socket) ? pid : null;
}

async function argumentsOf(pid: number): Promise<string> {
  if (process.platform === "linux") {
    return (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " ");
  }
  // Without -ww macOS cuts the line at 79 letters.
  const told = await run("ps", ["-ww", "-o", "args=", "-p", String(pid)], { timeoutMs: 4_000 }).catch(() => null);
  return told?.stdout ?? "";
}

/** Kills the worker of a socket, after making sure that the process is one, and resolves when it is gone. */
export async function killWorker(socket: string): Promise<void> {
  const pid = await workerPid(socket);
  if (pid === null) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    return; // It ended by itself meanwhile.
  }
  await gone(socket, 5_000);
}

/** Waits until the worker of a socket has ended; false when it has not in time. */
export async function gone(socket: string, timeoutMs: number): Promise<boolean> {
  const until = performance.now() + timeoutMs;
  while (performance.now() < until) {
    if ((await workerPid(socket)) === null) return true;
    await sleep(10);
  }
  return false;
}

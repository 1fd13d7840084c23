import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { HelperStatus } from "../../contracts/helpers.ts";
import { Connection, type Reply } from "./connection.ts";
import { gone, killWorker, workerFolderPath, workerPid } from "./worker-place.ts";

/** Which workers: those of these sockets, else all of this user. */
export interface WorkerChoice {
  readonly sockets?: readonly string[];
}

/** The workers that run now. Starts nothing. One that does not answer is listed by its pid alone. */
export async function workerStatus(choice: WorkerChoice = {}): Promise<HelperStatus[]> {
  const found = await Promise.all((await socketsOf(choice)).map(statusOf));
  return found.filter((status) => status !== null);
}

/** Ends them, except those in use unless `force`, and resolves with those that are gone, once they are. */
export async function stopWorkers(options: WorkerChoice & { force?: boolean } = {}): Promise<HelperStatus[]> {
  const force = options.force === true;
  const stopped = await Promise.all(
    (await socketsOf(options)).map(async (socket) => {
      const status = await statusOf(socket);
      if (!status) return null;
      const answer = await ask(socket, "stop", { force });
      if (!force && answer?.stopping !== true) return null;
      if (answer === null || !(await gone(socket, 3_000))) await killWorker(socket);
      return status;
    }),
  );
  return stopped.filter((status) => status !== null);
}

async function socketsOf({ sockets }: WorkerChoice): Promise<readonly string[]> {
  if (sockets) return sockets;
  const names = await readdir(workerFolderPath()).catch((): string[] => []);
  return names.filter((name) => /^arctic-[0-9a-f]+\.sock$/.test(name)).map((name) => join(workerFolderPath(), name));
}

async function statusOf(socket: string): Promise<HelperStatus | null> {
  const name = "ArcticDB worker";
  const answer = await ask(socket, "status", {});
  if (!answer) {
    const pid = await workerPid(socket);
    return pid === null ? null : { name, pid, where: `${socket} (does not answer)` };
  }
  const { pid, started, users, where } = answer;
  return {
    name,
    pid: Number(pid),
    started: new Date(Number(started)),
    users: Number(users),
    ...(typeof where === "string" && where !== "" && { where }),
  };
}

/** One question on a connection of its own, which does not count as a user. Null when nothing answers. */
async function ask(socket: string, op: string, fields: object): Promise<Reply | null> {
  const connection = await Connection.open(socket).catch(() => null);
  if (!connection) return null;
  try {
    return await connection.request(op, fields, 2_000);
  } catch {
    return null;
  } finally {
    connection.close();
  }
}

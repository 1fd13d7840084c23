import { rename } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Config } from "../../config/settings.ts";
import { UnavailableError } from "../../errors.ts";
import { type Child, startChild } from "../../system/child.ts";
import { withLock } from "../../system/lock.ts";
import { tailOfFile } from "../../system/tail.ts";
import { Connection, WorkerFailure, WorkerGone, WorkerTimeout } from "./connection.ts";
import type { Environment } from "./environment.ts";
import type { ArcticPlace } from "./uri.ts";
import { gone, killWorker, protocolVersion, workerFolder, workerFolderPath, workerName } from "./worker-place.ts";

const program = fileURLToPath(new URL("worker.py", import.meta.url));

/** How long a new worker may take until it listens, and any worker until it greets. It greets before its heavy imports. */
const startMs = 20_000;
const greetMs = 10_000;

/** The socket of the worker that serves a place by means of an environment. */
export function workerSocket(place: ArcticPlace, environment: Environment): string {
  return join(workerFolderPath(), `${workerName([place.uri, environment.python, environment.version])}.sock`);
}

/**
 * A greeted connection to the one worker of this user for this place. It is started when there is none, replaced when it
 * hangs, and never started twice. It outlives this process until it has been idle for ARCTIC_IDLE.
 */
export async function reachWorker(
  place: ArcticPlace,
  environment: Environment,
  idleMs: Config["ARCTIC_IDLE"],
): Promise<Connection> {
  await workerFolder();
  const socket = workerSocket(place, environment);
  for (let tries = 0; tries < 3; tries += 1) {
    const connection = (await Connection.open(socket)) ?? (await startAndOpen(socket, environment, idleMs));
    try {
      const hello = { protocol: protocolVersion, uri: place.uri, idle: idleMs / 1000, where: place.where };
      await connection.request("hello", hello, greetMs);
      return connection;
    } catch (cause) {
      connection.close();
      if (cause instanceof WorkerTimeout) await killWorker(socket);
      else if (cause instanceof WorkerFailure && cause.code === "stopping") await gone(socket, greetMs);
      else if (!(cause instanceof WorkerGone)) throw cause;
    }
  }
  throw unavailable("ArcticDB's worker ended each time it was started.", socket);
}

async function startAndOpen(socket: string, environment: Environment, idleMs: number): Promise<Connection> {
  const what = "the start of ArcticDB's worker";
  return withLock(
    `${socket}.start`,
    async () => {
      const other = await Connection.open(socket);
      if (other) return other;
      // What the one before said, which may tell why it ended.
      await rename(`${socket}.log`, `${socket}.log.before`).catch(() => {});
      const child = await startChild({
        name: "ArcticDB's worker",
        command: environment.python,
        args: ["-u", program, socket, String(idleMs / 1000)],
        cwd: workerFolderPath(),
        detached: true,
        logFile: `${socket}.log`,
      });
      child.unref();
      return openWhenListening(socket, child);
    },
    { timeoutMs: startMs + 5_000, what, storage: "arctic" },
  );
}

async function openWhenListening(socket: string, child: Child): Promise<Connection> {
  let ended = false;
  void child.exited.then(() => {
    ended = true;
  });
  const until = performance.now() + startMs;
  while (performance.now() < until) {
    const connection = await Connection.open(socket);
    if (connection) return connection;
    // An earlier worker that is just ending still holds the lock of the socket: the new one then leaves at once.
    if (ended) throw unavailable("ArcticDB's worker ended as it was started.", socket);
    await sleep(10);
  }
  await child.stop(0);
  throw unavailable(`ArcticDB's worker did not listen within ${startMs / 1000} s.`, socket);
}

function unavailable(message: string, socket: string): UnavailableError {
  const said = tailOfFile(`${socket}.log`).trim().split("\n").slice(-3).join(" ");
  return new UnavailableError(said === "" ? message : `${message} It said: ${said}`, {
    storage: "arctic",
    hint: `Try again; its log is ${socket}.log.`,
  });
}

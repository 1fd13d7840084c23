/**
 * The guardian of a project's embedded PostgreSQL: a process of its own, which starts the server, counts who uses it, and ends
 * it some idle time after the last user has gone, unless another program is connected to it. `node guardian.ts <folder> <idle ms>`.
 * It says nothing but to its log.
 */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { withLock } from "../../../system/lock.ts";
import { freePort, readAccess, writeAccess } from "./access.ts";
import { findAccount } from "./account.ts";
import { findBinaries } from "./binaries.ts";
import { ensureCluster } from "./cluster.ts";
import { type GuardianState, parseRequest } from "./guardian-state.ts";
import { hasClients } from "./others.ts";
import { type EmbeddedPaths, pathsIn } from "./paths.ts";
import { findPostmaster, type Postmaster, startPostmaster } from "./postmaster.ts";
import { writePrivateJson } from "./private-json.ts";

/** Longer than any guardian before this one needs to stop its server. */
const lockTimeoutMs = 30_000;

async function main([folder = "", idle = ""]: string[]): Promise<void> {
  const paths = pathsIn(folder);
  const stopAsked = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopAsked.resolve());
  await withLock(paths.guardianLock, () => guard(paths, Number(idle), stopAsked), {
    timeoutMs: lockTimeoutMs,
    what: "the embedded PostgreSQL",
  });
}

async function guard(paths: EmbeddedPaths, idleMs: number, stop: PromiseWithResolvers<void>): Promise<void> {
  const server = await startOrAdopt(paths);
  const users = new Users(idleMs, () => hasClients(paths, server.port), stop.resolve);
  const token = randomBytes(24).toString("base64url");
  const door = createServer((socket) => serve(socket, token, users, stop.resolve));
  const port = await listen(door);
  const state: GuardianState = {
    pid: process.pid,
    port,
    token,
    server: { pid: server.pid, port: server.port },
    started: new Date().toISOString(),
  };
  await writePrivateJson(paths.guardian, state);
  await Promise.race([stop.promise, server.gone]);
  door.close();
  await rm(paths.guardian, { force: true });
  await server.stop();
  users.closeAll();
}

/** A server that lost its guardian keeps its users' connections, so it is taken over where its password is known. */
async function startOrAdopt(paths: EmbeddedPaths): Promise<Postmaster> {
  const access = await readAccess(paths);
  const running = await findPostmaster(paths);
  if (running && access) return running;
  await running?.stop();
  const binaries = await findBinaries();
  const account = await findAccount(binaries.postgres, paths.folder);
  const { port: wanted, password } = await ensureCluster(paths, binaries, account);
  const port = await freePort(wanted);
  const server = await startPostmaster(paths, binaries.postgres, account, port);
  if (port !== wanted) await writeAccess(paths, { port, password });
  return server;
}

function listen(door: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    door.once("error", reject);
    door.listen({ port: 0, host: "127.0.0.1" }, () => {
      const address = door.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    });
  });
}

function serve(socket: Socket, token: string, users: Users, stop: () => void): void {
  socket.on("error", () => socket.destroy());
  const lines = createInterface({ input: socket });
  lines.on("error", () => {});
  lines.once("line", (line) => {
    const request = parseRequest(line, token);
    if (!request) return void socket.destroy();
    if (request.verb === "use") users.add(socket, request.idleMs);
    else users.watch(socket);
    if (request.verb === "stop") stop();
    socket.write(request.verb === "status" ? `${JSON.stringify({ users: users.count })}\n` : "ok\n");
  });
}

/** Who is connected, and the timer that runs while nobody is. */
class Users {
  readonly #using = new Set<Socket>();
  readonly #watching = new Set<Socket>();
  readonly #isUsed: () => Promise<boolean>;
  readonly #whenIdle: () => void;
  #idleMs: number;
  #timer: NodeJS.Timeout | undefined;

  /** @param isUsed asked when the time is over: the server may be used by programs that know nothing of a guardian. */
  constructor(idleMs: number, isUsed: () => Promise<boolean>, whenIdle: () => void) {
    this.#idleMs = idleMs;
    this.#isUsed = isUsed;
    this.#whenIdle = whenIdle;
    this.#restart();
  }

  get count(): number {
    return this.#using.size;
  }

  add(socket: Socket, idleMs: number): void {
    this.#using.add(socket);
    this.#idleMs = idleMs;
    clearTimeout(this.#timer);
    socket.once("close", () => {
      this.#using.delete(socket);
      if (this.#using.size === 0) this.#restart();
    });
  }

  /** Keeps the connection open until the end, without counting it. */
  watch(socket: Socket): void {
    this.#watching.add(socket);
    socket.once("close", () => this.#watching.delete(socket));
  }

  closeAll(): void {
    clearTimeout(this.#timer);
    for (const socket of [...this.#using, ...this.#watching]) socket.destroy();
  }

  #restart(): void {
    clearTimeout(this.#timer);
    // setTimeout takes at most 2^31 - 1 ms.
    this.#timer = setTimeout(() => void this.#endWhenIdle(), Math.min(this.#idleMs, 2 ** 31 - 1));
  }

  async #endWhenIdle(): Promise<void> {
    const timer = this.#timer;
    const used = await this.#isUsed();
    // Somebody came meanwhile, and may have gone again.
    if (this.#using.size > 0 || timer !== this.#timer) return;
    if (used) this.#restart();
    else this.#whenIdle();
  }
}

try {
  await main(process.argv.slice(2));
  process.exit(0);
} catch (error) {
  process.stderr.write(`guardian: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { makeEnvironment, type Packages } from "../../../src/storages/arctic/environment.ts";

/** The S3 server that ArcticDB's own tests use, in an environment of its own beside ArcticDB's. */
const moto: Packages = {
  version: "moto-5.2.5",
  requirements: ["moto[s3]==5.2.5", "flask>=3,<4", "flask-cors>=6,<7"],
  probe: "import moto.server",
  size: "140 MB",
};

/** An S3 server with one empty bucket. */
export interface S3Server extends AsyncDisposable {
  /** Settings that point there. */
  readonly settings: Record<string, unknown>;
  /** Ends every connection and takes no more, as a server that is gone, until `returns`. */
  vanish(): Promise<void>;
  returns(): Promise<void>;
  /** Resolves when the server got so many more requests. */
  requests(count: number): Promise<void>;
  /** From now on the server knows no key. */
  refuseKeys(): Promise<void>;
}

export async function startS3(): Promise<S3Server> {
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const { python } = await makeEnvironment(silent, moto);
  const child = spawn(python, ["-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let seen = 0;
  let waiting: { count: number; done: () => void } | null = null;
  const port = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`moto ended with ${code}.`)));
    createInterface({ input: child.stderr }).on("line", (line) => {
      const [, found] = /http:\/\/127\.0\.0\.1:(\d+)/.exec(line) ?? [];
      if (found) resolve(Number(found));
      if (!/"(GET|PUT|POST|HEAD|DELETE) /.test(line)) return;
      seen += 1;
      if (waiting && seen >= waiting.count) waiting.done();
    });
  });
  const own = `http://127.0.0.1:${port}`;
  await fetch(`${own}/frames`, { method: "PUT" });
  const door = await openDoor(port);
  return {
    settings: {
      ARCTIC_HOST: `127.0.0.1:${door.port}`,
      ARCTIC_BUCKET: "frames",
      ARCTIC_ACCESS_KEY: "test-access-key",
      ARCTIC_SECRET_KEY: "test-secret-key",
      ARCTIC_TLS: false,
    },
    vanish: () => door.close(),
    returns: () => door.open(),
    requests: (count) =>
      new Promise((done) => {
        waiting = { count: seen + count, done };
      }),
    async refuseKeys() {
      await fetch(`${own}/moto-api/reset-auth`, { method: "POST", body: "0" });
    },
    async [Symbol.asyncDispose]() {
      await door.close();
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}

/** A way to a port that can be shut and opened again under the same number. */
async function openDoor(target: number) {
  const open = new Set<Socket>();
  let server: Server | null = null;
  let port = 0;
  const door = {
    get port() {
      return port;
    },
    async open() {
      server = createServer((client) => {
        const behind = connect(target, "127.0.0.1");
        for (const [from, to] of [[client, behind] as const, [behind, client] as const]) {
          open.add(from);
          from.on("error", () => {});
          from.once("close", () => {
            open.delete(from);
            to.destroy();
          });
          from.pipe(to);
        }
      });
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      const address = server.address();
      port = typeof address === "object" && address ? address.port : port;
    },
    async close() {
      if (!server) return;
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      server = null;
      await closed;
    },
  };
  await door.open();
  return door;
}

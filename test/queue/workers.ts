import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Config } from "../../src/config/settings.ts";
import { DataFactory } from "../../src/factory/data-factory.ts";
import "../../src/queue/register.ts";
import { findPrograms, TestServer } from "../storages/postgres/server.ts";

const program = join(import.meta.dirname, "programs", "worker.ts");
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** A server of its own with a factory on it, and workers as processes. */
export async function openQueuePlace(settings: Record<string, unknown> = {}, env: Record<string, string> = {}) {
  const [programs] = findPrograms();
  if (!programs) throw new Error("There is no PostgreSQL to test with.");
  const server = await TestServer.start(programs);
  const config = server.config({ QUEUE: "pg-boss", LEDGER: "postgres", QUEUE_LEASE: "2s", ...settings });
  const factory = new DataFactory({ config, logger: quiet });
  const children: ChildProcess[] = [];
  return {
    server,
    config,
    factory,
    options: { factory, show: "none", signals: false } as const,
    /** Resolves once it takes jobs. */
    async startWorker(more: Record<string, string> = {}) {
      const child = fork(program, [withPassword(config)], {
        env: { ...process.env, ...env, ...more },
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      });
      children.push(child);
      const [hello] = (await once(child, "message")) as [{ url: string }];
      return { child, url: hello.url };
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill("SIGKILL");
      await factory.close();
      await server.stop();
    },
  };
}

/** JSON of a config leaves the password out. */
export function withPassword(config: Config): string {
  return JSON.stringify({ ...config, DB_PASSWORD: config.DB_PASSWORD });
}

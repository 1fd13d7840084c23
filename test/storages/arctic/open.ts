import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseConfig } from "../../../src/config/load.ts";
import type { Config } from "../../../src/config/settings.ts";
import type { Logger } from "../../../src/contracts/logger.ts";
import { makeEnvironment } from "../../../src/storages/arctic/environment.ts";
import { ArcticStorage } from "../../../src/storages/arctic/index.ts";
import { arcticParts } from "../../../src/storages/arctic/parts.ts";
import { run } from "../../../src/system/run.ts";

/** An arctic storage on a folder of its own, which goes with it. Its worker is ended, too. */
export interface OpenedArctic extends AsyncDisposable {
  readonly storage: ArcticStorage;
  readonly config: Config;
  readonly folder: string;
  readonly logger: Logger;
  /** What was logged. */
  readonly lines: string[];
  /** Runs a script with Python's own client, on the same library as `library`, and gives the JSON that it prints. */
  python(script: string): Promise<Record<string, unknown>>;
}

export async function openArctic(settings: Record<string, unknown> = {}): Promise<OpenedArctic> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-arctic-"));
  const config = parseConfig({ FS_DATA: join(folder, "data"), FS_TEMP: join(folder, "temp"), ...settings });
  const lines: string[] = [];
  const keep: Logger["info"] = (first: object | string, message?: string) => {
    lines.push(typeof first === "string" ? first : (message ?? ""));
  };
  const logger: Logger = { debug: keep, info: keep, warn: keep, error: keep };
  const storage = new ArcticStorage({ config, logger });
  return {
    storage,
    config,
    folder,
    logger,
    lines,
    async python(script) {
      const { python } = await makeEnvironment(logger);
      const open = `
import json, arcticdb
library = arcticdb.Arctic('lmdb://${config.FS_DATA}/arctic').get_library('${config.ARCTIC_LIBRARY}', create_if_missing=True)
`;
      const { code, stdout, stderr } = await run(python, ["-c", open + script]);
      if (code !== 0) throw new Error(stderr);
      return JSON.parse(stdout) as Record<string, unknown>;
    },
    async [Symbol.asyncDispose]() {
      await storage.close();
      await storage.stopHelpers({ force: true });
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Of the workers of a place. */
export async function openSockets({ config }: OpenedArctic): Promise<string[]> {
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  return arcticParts({ config, logger }).library.sockets();
}

/** Of the one worker. */
export async function pidOf({ storage }: OpenedArctic): Promise<number> {
  const [helper] = await storage.helpers();
  if (!helper) throw new Error("There is no worker.");
  return helper.pid;
}

/** Waits until a process has ended; false when it has not within 10 s. */
export async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 400; tries += 1) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await sleep(25);
  }
  return false;
}

/** Exchange files of this process that stay: those that were kept for the next part go after a second. */
export async function exchanged(opened: OpenedArctic): Promise<string[]> {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = await exchangedNow(opened);
    if (found.length === 0) return found;
    await sleep(25);
  }
  return exchangedNow(opened);
}

async function exchangedNow({ config }: OpenedArctic): Promise<string[]> {
  const roots = [`/dev/shm/millrace-${process.geteuid?.()}`, `${config.FS_TEMP}/.millrace-exchange`];
  const found = await Promise.all(roots.map((root) => readdir(root, { recursive: true }).catch((): string[] => [])));
  return found.flat().filter((name) => name.startsWith(`${process.pid}-`) && name.endsWith(".arrow"));
}

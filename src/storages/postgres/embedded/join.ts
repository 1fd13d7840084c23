import { stat, truncate } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Config } from "../../../config/settings.ts";
import type { Logger } from "../../../contracts/logger.ts";
import { UnavailableError } from "../../../errors.ts";
import { type Child, startChild } from "../../../system/child.ts";
import { withLock } from "../../../system/lock.ts";
import { type Access, readAccess } from "./access.ts";
import { findAccount } from "./account.ts";
import { findBinaries } from "./binaries.ts";
import { readGuardian } from "./guardian-state.ts";
import { type EmbeddedPaths, embeddedPaths, makeServerFolder } from "./paths.ts";
import { closed, type Talk, talkTo } from "./talk.ts";

/** initdb takes 1.3 s on an idle machine, recovery of a killed server up to some seconds. */
const startTimeoutMs = 120_000;

/** The use of the project's embedded server by this process. */
export interface Membership {
  /** How the server is reached now. Changes only when it had to move to another port. */
  access(): Access;
  /** Ends the use; some idle time after its last user the server ends. */
  leave(): void;
}

/**
 * Joins the users of the project's embedded server, and starts it when it does not run. The use ends with `leave` or with the
 * process, however that ends, and does not keep the process alive. When the guardian is killed meanwhile, another is
 * started in the background.
 *
 * @throws UnavailableError when PostgreSQL is not installed, can't run here, or does not start.
 */
export async function joinEmbedded(config: Config, logger: Logger): Promise<Membership> {
  const paths = embeddedPaths(config);
  let left = false;
  let { talk, access } = await enter(paths, config, logger);
  const stay = () => {
    talk.socket.unref();
    void closed(talk.socket).then(async () => {
      if (left) return;
      logger.debug(
        { storage: "postgres" },
        "The embedded PostgreSQL lost its guardian or was stopped; joining it again.",
      );
      try {
        ({ talk, access } = await enter(paths, config, logger));
        if (left) talk.socket.destroy();
        else stay();
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        logger.warn({ storage: "postgres" }, `The embedded PostgreSQL could not be joined again: ${reason}`);
      }
    });
  };
  stay();
  return {
    access: () => access,
    leave() {
      left = true;
      talk.socket.destroy();
    },
  };
}

async function enter(paths: EmbeddedPaths, config: Config, logger: Logger): Promise<{ talk: Talk; access: Access }> {
  const running = await knock(paths, config.DB_IDLE);
  if (running) return running;
  await makeServerFolder(paths);
  return withLock(paths.startLock, async () => (await knock(paths, config.DB_IDLE)) ?? start(paths, config, logger), {
    timeoutMs: startTimeoutMs,
    what: "the start of the embedded PostgreSQL",
    storage: "postgres",
  });
}

/** Asks the guardian that was written down last. Null when it does not run. */
async function knock(paths: EmbeddedPaths, idleMs: number): Promise<{ talk: Talk; access: Access } | null> {
  const state = await readGuardian(paths);
  const talk = state && (await talkTo(state, { verb: "use", idleMs }));
  const access = talk && (await readAccess(paths));
  if (talk && access) return { talk, access: { ...access, port: state.server.port } };
  talk?.socket.destroy();
  return null;
}

async function start(paths: EmbeddedPaths, config: Config, logger: Logger) {
  // The guardian does the same; here a failure becomes the caller's error.
  const { postgres } = await findBinaries();
  await findAccount(postgres, paths.folder);
  const first = !(await stat(paths.data).catch(() => null));
  if (first)
    logger.info({ storage: "postgres" }, `Making a PostgreSQL data folder in ${paths.data} (once, about 40 MB).`);
  await trimLog(paths.log);
  const guardian = await startGuardian(paths, config.DB_IDLE);
  let ended = false;
  void guardian.exited.then(() => {
    ended = true;
  });
  for (const until = Date.now() + startTimeoutMs; Date.now() < until && !ended; await sleep(15)) {
    const entered = await knock(paths, config.DB_IDLE);
    if (entered) return entered;
  }
  const lines = guardian.stderrTail().trim().split("\n").slice(-4).join(" ");
  throw new UnavailableError(`The embedded PostgreSQL did not start: ${lines}`, {
    storage: "postgres",
    hint: `The whole log is ${paths.log}.`,
  });
}

async function startGuardian(paths: EmbeddedPaths, idleMs: number): Promise<Child> {
  const script = import.meta.url.endsWith(".ts") ? "./guardian.ts" : "./guardian.js";
  const child = await startChild({
    name: "the guardian of the embedded PostgreSQL",
    command: process.execPath,
    args: [fileURLToPath(new URL(script, import.meta.url)), paths.folder, String(idleMs)],
    cwd: "/",
    env: guardianEnv(),
    detached: true,
    logFile: paths.log,
  });
  child.unref();
  return child;
}

/** What concerns this process alone, such as an inspector's port, is not handed on. */
function guardianEnv(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, NODE_V8_COVERAGE: __, ...env } = process.env;
  return { ...env, NODE_NO_WARNINGS: "1" };
}

/** The log of former runs goes when it has grown over 10 MB. */
async function trimLog(log: string): Promise<void> {
  const size = await stat(log).then(
    (found) => found.size,
    () => 0,
  );
  if (size > 10e6) await truncate(log);
}

import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../../../config/settings.ts";
import type { HelperStatus } from "../../../contracts/helpers.ts";
import { embeddedUser, readAccess } from "./access.ts";
import { readGuardian } from "./guardian-state.ts";
import { type EmbeddedPaths, embeddedPaths } from "./paths.ts";
import { findPostmaster, isAlive } from "./postmaster.ts";
import { closed, talkTo } from "./talk.ts";

/** What runs of the project's embedded server now, or null. Starts and changes nothing. */
export async function embeddedStatus(config: Config): Promise<HelperStatus | null> {
  const paths = embeddedPaths(config);
  const guarded = await guardedStatus(paths, config);
  if (guarded) return guarded;
  const server = await findPostmaster(paths);
  return server && { name: "embedded PostgreSQL", pid: server.pid, users: 0, where: urlOf(server.port, config, "***") };
}

async function guardedStatus(paths: EmbeddedPaths, config: Config): Promise<HelperStatus | null> {
  const state = await readGuardian(paths);
  const talk = state && (await talkTo(state, { verb: "status" }));
  if (!talk) return null;
  talk.socket.destroy();
  const { users } = JSON.parse(talk.answer) as { users: number };
  return {
    name: "embedded PostgreSQL",
    pid: state.server.pid,
    started: new Date(state.started),
    users,
    where: urlOf(state.server.port, config, "***"),
  };
}

/**
 * Ends the project's embedded server in order (open transactions are rolled back), and resolves with what has ended, once it
 * is gone; null when it did not run, or is in use and `force` was not given.
 */
export async function stopEmbedded(config: Config, { force = false } = {}): Promise<HelperStatus | null> {
  const status = await embeddedStatus(config);
  if (!status || (!force && (status.users ?? 0) > 0)) return null;
  const paths = embeddedPaths(config);
  const state = await readGuardian(paths);
  const talk = state && (await talkTo(state, { verb: "stop" }));
  if (talk) {
    await closed(talk.socket);
    for (let waited = 0; waited < 5_000 && isAlive(state.pid); waited += 10) await sleep(10);
  } else {
    await (await findPostmaster(paths))?.stop();
  }
  return status;
}

/**
 * The connection URL of the project's embedded server, with its password, to hand to `psql` or another program of the same
 * user: never for a log. Null when it was never made. The server may not run: any use of the storage starts it.
 */
export async function embeddedUrl(config: Config): Promise<string | null> {
  const paths = embeddedPaths(config);
  const [access, state] = [await readAccess(paths), await readGuardian(paths)];
  return access && urlOf(state?.server.port ?? access.port, config, access.password);
}

function urlOf(port: number, config: Config, password: string): string {
  return `postgresql://${embeddedUser}:${password}@127.0.0.1:${port}/${encodeURIComponent(config.DB_NAME)}`;
}

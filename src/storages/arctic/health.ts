import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Diagnosis } from "../../contracts/diagnose.ts";
import { cacheFolder, nearestExisting } from "../../system/folders.ts";
import { arcticPackages } from "./environment.ts";
import type { ArcticParts } from "./parts.ts";
import { findPython, hasUv, noPython, noVenv } from "./python.ts";
import { presentEnvironment } from "./use-environment.ts";

/** A health check has to answer within 5 s. */
const limitMs = 4_500;

/** Whether the storage can be used now, or Python is there to install what it needs. Installs nothing and never throws. */
export async function arcticHealth(parts: ArcticParts): Promise<boolean> {
  const late = new AbortController();
  try {
    return await Promise.race([check(parts), sleep(limitMs, false, { signal: late.signal })]);
  } catch {
    return false;
  } finally {
    late.abort();
  }
}

async function check({ library, config }: ArcticParts): Promise<boolean> {
  const { folder } = library.place;
  if (folder !== undefined) await access(await nearestExisting(folder), constants.W_OK | constants.X_OK);
  if (!(await presentEnvironment(config))) return config.ARCTIC_INSTALL === "auto" && (await canInstall()) === null;
  // A local place that is still new needs no worker to be known as usable.
  if (!library.isNew()) await library.health(limitMs);
  return true;
}

/** What hinders an installation; null when nothing does. */
async function canInstall(): Promise<Error | null> {
  const python = await findPython();
  if (!python) return noPython();
  return python.venv || (await hasUv()) ? null : noVenv(python);
}

/** What `millrace doctor` tells of Python and the client. */
export async function diagnoseArctic({ config, library }: ArcticParts): Promise<Diagnosis[]> {
  try {
    const environment = await presentEnvironment(config);
    if (environment) {
      return [{ name: "ArcticDB", status: "ok", found: `arcticdb ${environment.version} with ${environment.python}` }];
    }
  } catch (cause) {
    return [failed("ArcticDB", cause)];
  }
  const python = await findPython();
  const hindrance = await canInstall();
  // What was never used and can't be yet is no failure.
  const missing = library.isNew() ? "warn" : "fail";
  const first: Diagnosis = hindrance
    ? { ...failed("Python", hindrance), status: missing }
    : { name: "Python", status: "ok", found: `Python 3.${python?.minor} is ${python?.command}` };
  const second: Diagnosis =
    config.ARCTIC_INSTALL === "auto"
      ? {
          name: "ArcticDB",
          status: hindrance ? missing : "ok",
          found: `its Python environment will be fetched on first use, about ${arcticPackages.size}, to ${cacheFolder("arctic")}`,
          ...(hindrance && { remedy: remedyOf(hindrance) }),
        }
      : {
          name: "ArcticDB",
          status: "warn",
          found: "its Python environment is not installed, and ARCTIC_INSTALL=never forbids to install it",
          remedy: "Set ARCTIC_INSTALL=auto, or ARCTIC_PYTHON to a Python that has arcticdb.",
        };
  return [first, second];
}

function failed(name: string, cause: unknown): Diagnosis {
  return {
    name,
    status: "fail",
    found: cause instanceof Error ? cause.message : String(cause),
    remedy: remedyOf(cause),
  };
}

function remedyOf(cause: unknown): string {
  return cause instanceof Error && "hint" in cause && typeof cause.hint === "string" ? cause.hint : "See the message.";
}

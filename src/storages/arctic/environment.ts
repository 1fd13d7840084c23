import { access, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Logger } from "../../contracts/logger.ts";
import { UnavailableError } from "../../errors.ts";
import { fileError } from "../../system/files.ts";
import { cacheFolder, makeFolder } from "../../system/folders.ts";
import { withLock } from "../../system/lock.ts";
import { placeFile } from "../../system/place-file.ts";
import { type RunOptions, run } from "../../system/run.ts";
import { findPython, hasUv, noPython, noVenv, type Python } from "./python.ts";

/** What an environment holds and how large it is. Tests put a small one in place of ArcticDB's. */
export interface Packages {
  /** What the environment is called in messages. Default: ArcticDB's. */
  readonly what?: string;
  /** Version of the leading package; names the environment's folder. */
  readonly version: string;
  /** What pip is asked for. */
  readonly requirements: readonly string[];
  /** Python that fails when something is missing. */
  readonly probe: string;
  /** About how large it gets, for the user to read. */
  readonly size: string;
}

/** The pinned client. Its Arrow side is young, so its version is exact; the others stay below their next major version. */
export const arcticPackages: Packages = {
  version: "6.28.2",
  requirements: ["arcticdb==6.28.2", "pyarrow>=21,<27", "pandas>=2.2,<3", "numpy>=2,<3", "protobuf>=5,<7"],
  probe: "import arcticdb, pyarrow",
  size: "433 MB",
};

/** A Python that can run the worker. */
export interface Environment {
  readonly python: string;
  /** Version of the client, or nothing for ARCTIC_PYTHON before it was asked. */
  readonly version: string;
}

/** The marker that is written last. An environment without it is half made, and is made again. */
const marker = "ready.json";

/** The environment that was made earlier, or null. Reads a few files, and starts nothing. */
export async function findEnvironment(packages: Packages = arcticPackages): Promise<Environment | null> {
  const root = cacheFolder("arctic");
  const names = await readdir(root).catch((): string[] => []);
  for (const name of names.filter((each) => each.startsWith(`${packages.version}-py`)).sort()) {
    if (await isReady(join(root, name), packages)) return environmentIn(join(root, name), packages);
  }
  return null;
}

/**
 * Makes the environment in the user's cache folder, or takes the one that another process made meanwhile. A half-made or
 * broken one is removed first. pip reads its ordinary settings (index, proxy, certificates) from the environment and its files.
 *
 * @throws UnavailableError DEPENDENCY_MISSING without Python, without a way to make an environment, or without a network.
 */
export async function makeEnvironment(logger: Logger, packages: Packages = arcticPackages): Promise<Environment> {
  const found = await findEnvironment(packages);
  if (found) return found;
  const python = await findPython();
  if (!python) throw noPython();
  const folder = cacheFolder("arctic", `${packages.version}-py3.${python.minor}`);
  await makeFolder(dirname(folder)).catch((cause: Error) => {
    throw new UnavailableError(`The cache folder ${dirname(folder)} can't be made: ${cause.message}`, {
      code: "DEPENDENCY_MISSING",
      storage: "arctic",
      cause,
      hint: "Set XDG_CACHE_HOME to a folder that can be written, or ARCTIC_PYTHON to a Python that has arcticdb.",
    });
  });
  return withLock(
    `${folder}.lock`,
    async () => {
      if (!(await isReady(folder, packages))) await make(folder, python, packages, logger);
      return environmentIn(folder, packages);
    },
    { timeoutMs: 15 * 60_000, what: titleOf(packages), storage: "arctic" },
  );
}

function environmentIn(folder: string, packages: Packages): Environment {
  return { python: join(folder, "bin", "python"), version: packages.version };
}

const titleOf = ({ what = "ArcticDB's Python environment" }: Packages): string => what;

/** Whether it was made whole, for these packages, and its Python (a link to the system's) is still there. */
async function isReady(folder: string, packages: Packages): Promise<boolean> {
  try {
    const made: unknown = JSON.parse(await readFile(join(folder, marker), "utf8"));
    await access(join(folder, "bin", "python"));
    const requirements = made !== null && typeof made === "object" && "requirements" in made ? made.requirements : null;
    return JSON.stringify(requirements) === JSON.stringify(packages.requirements);
  } catch {
    return false;
  }
}

async function make(folder: string, python: Python, packages: Packages, logger: Logger): Promise<void> {
  logger.info(
    `Installing ${titleOf(packages)}, once for this user: about ${packages.size}, half a minute, into ${folder}`,
  );
  try {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    if (await venv(folder, python)) await install("pip", folder, packages, logger);
    else if (await hasUv()) {
      await mustRun(packages, "uv", ["venv", "--python", python.command, folder]);
      await install("uv", folder, packages, logger);
    } else throw noVenv(python);
    await mustRun(packages, join(folder, "bin", "python"), ["-c", packages.probe]);
    await placeFile(join(folder, marker), (staging) =>
      writeFile(staging, JSON.stringify({ requirements: packages.requirements, made: new Date() })),
    );
  } catch (cause) {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
    throw fileError(cause, { storage: "arctic", doing: `make ${folder}` });
  }
  logger.info(`${titleOf(packages)} is ready: ${folder}`);
}

async function venv(folder: string, python: Python): Promise<boolean> {
  if (!python.venv) return false;
  const made = await run(python.command, ["-m", "venv", folder], { timeoutMs: 120_000 });
  if (made.code !== 0) await rm(folder, { recursive: true, force: true });
  return made.code === 0;
}

async function install(tool: "pip" | "uv", folder: string, packages: Packages, logger: Logger): Promise<void> {
  if (packages.requirements.length === 0) return;
  const python = join(folder, "bin", "python");
  const onLine = (line: string) => {
    const [told] = /^(?:Downloading|Installing collected) .*/.exec(line.trim()) ?? [];
    if (told) logger.info(told.slice(0, 120));
  };
  const pip = ["-m", "pip", "install", "--no-input", "--progress-bar", "off", "--only-binary", ":all:"];
  if (tool === "pip") await mustRun(packages, python, [...pip, ...packages.requirements], { onLine });
  else await mustRun(packages, "uv", ["pip", "install", "--python", python, ...packages.requirements], { onLine });
}

async function mustRun(packages: Packages, command: string, args: string[], options: RunOptions = {}): Promise<void> {
  const { code, stdout, stderr } = await run(command, args, { timeoutMs: 14 * 60_000, ...options });
  if (code === 0) return;
  const said = (stderr.trim() || stdout.trim()).split("\n").slice(-4).join(" ").slice(-600);
  throw new UnavailableError(`${titleOf(packages)} could not be made: ${withoutPasswords(said)}`, {
    code: "DEPENDENCY_MISSING",
    storage: "arctic",
    hint: "The first use needs a network, or a package folder that pip knows (PIP_FIND_LINKS, PIP_INDEX_URL), and free space in the cache folder (XDG_CACHE_HOME). Or set ARCTIC_PYTHON to a Python that has arcticdb.",
  });
}

/** An index address can hold a user and a password. */
function withoutPasswords(text: string): string {
  return text.replace(/:\/\/[^/@\s]+@/g, "://***@");
}

import type { Config } from "../../config/settings.ts";
import type { Logger } from "../../contracts/logger.ts";
import { ConfigError, UnavailableError } from "../../errors.ts";
import { run } from "../../system/run.ts";
import { arcticPackages, type Environment, findEnvironment, makeEnvironment } from "./environment.ts";

type PythonSettings = Pick<Config, "ARCTIC_PYTHON" | "ARCTIC_INSTALL">;

const askVersions =
  "from importlib.metadata import version as v, PackageNotFoundError as E\n" +
  "for name in ('arcticdb', 'pyarrow'):\n" +
  " try: print(v(name))\n" +
  " except E: print('none')\n";

/** The environment that is there already: that of ARCTIC_PYTHON, or the one in the cache folder; else null. Installs nothing. */
export async function presentEnvironment(config: PythonSettings): Promise<Environment | null> {
  return config.ARCTIC_PYTHON === undefined ? findEnvironment() : checkedPython(config.ARCTIC_PYTHON);
}

/** The environment that is there, or a new one where ARCTIC_INSTALL allows it. */
export async function neededEnvironment(config: PythonSettings, logger: Logger): Promise<Environment> {
  const there = await presentEnvironment(config);
  if (there) return there;
  if (config.ARCTIC_INSTALL === "auto") return makeEnvironment(logger);
  throw new UnavailableError(
    "ArcticDB's Python environment is not installed, and ARCTIC_INSTALL=never forbids to install it.",
    {
      code: "DEPENDENCY_MISSING",
      storage: "arctic",
      hint: `Set ARCTIC_INSTALL=auto (about ${arcticPackages.size}, once), or ARCTIC_PYTHON to a Python with ${wanted}.`,
    },
  );
}

const [arcticdb = "", pyarrow = ""] = arcticPackages.requirements;
const wanted = `${arcticdb} and pyarrow`;

/** Checked once for each Python. */
const checked = new Map<string, Promise<Environment>>();

function checkedPython(python: string): Promise<Environment> {
  const before = checked.get(python);
  if (before) return before;
  const now = check(python);
  checked.set(python, now);
  now.catch(() => checked.delete(python));
  return now;
}

async function check(python: string): Promise<Environment> {
  const install = `${python} -m pip install '${arcticdb}' '${pyarrow}'`;
  const answer = await run(python, ["-c", askVersions], { timeoutMs: 10_000 }).catch((cause: unknown) => {
    throw new ConfigError(`ARCTIC_PYTHON is ${python}, which can't be run.`, {
      storage: "arctic",
      cause,
      hint: `Set it to the path of a Python with ${wanted}, or leave it out.`,
    });
  });
  const [version = "none", arrow = "none"] = answer.stdout.trim().split("\n");
  if (answer.code === 0 && version === arcticPackages.version && arrow !== "none") return { python, version };
  const found = answer.code === 0 ? `arcticdb ${version} and pyarrow ${arrow}` : "no answer";
  throw new UnavailableError(
    `ARCTIC_PYTHON is ${python}, which has ${found}; arcticdb ${arcticPackages.version} is needed.`,
    {
      code: "DEPENDENCY_MISSING",
      storage: "arctic",
      hint: `Run: ${install}`,
    },
  );
}

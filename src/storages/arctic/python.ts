import { UnavailableError } from "../../errors.ts";
import { run } from "../../system/run.ts";

/** A Python interpreter that could carry ArcticDB. */
export interface Python {
  readonly command: string;
  /** Minor version of Python 3: 11 for 3.11. */
  readonly minor: number;
  /** Whether it has the modules `venv` and `ensurepip`, which Debian packs apart. */
  readonly venv: boolean;
}

/** The Pythons that the pinned client has packages for. */
const minors = { least: 9, most: 14 };

const commands = [
  "python3",
  ...Array.from({ length: minors.most - minors.least + 1 }, (_, index) => `python3.${minors.most - index}`),
  "python",
];

const question =
  "import sys; from importlib.util import find_spec as f; " +
  "print(sys.version_info[0], sys.version_info[1], int(bool(f('venv') and f('ensurepip'))), sys.executable)";

/** What stands behind a command, or null when it is no Python 3 that the client has packages for. Answers within 4 s. */
export async function askPython(command: string): Promise<Python | null> {
  const answer = await run(command, ["-c", question], { timeoutMs: 4_000 }).catch(() => null);
  const [, major, minor, venv, path] = /^(\d+) (\d+) ([01]) (.+)$/m.exec(answer?.stdout ?? "") ?? [];
  if (answer?.code !== 0 || major !== "3" || path === undefined) return null;
  if (Number(minor) < minors.least || Number(minor) > minors.most) return null;
  return { command: path, minor: Number(minor), venv: venv === "1" };
}

/** The first fitting Python on the PATH: one that can make environments by itself before one that can't. */
export async function findPython(): Promise<Python | null> {
  let fallback: Python | null = null;
  for (const command of commands) {
    const python = await askPython(command);
    if (python?.venv) return python;
    fallback ??= python;
  }
  return fallback;
}

/** Whether `uv`, which makes environments without the modules that Debian packs apart, is there. */
export async function hasUv(): Promise<boolean> {
  const answer = await run("uv", ["--version"], { timeoutMs: 4_000 }).catch(() => null);
  return answer?.code === 0;
}

/** The error when no fitting Python is on the PATH. */
export function noPython(): UnavailableError {
  return new UnavailableError(
    `ArcticDB needs Python 3.${minors.least} to 3.${minors.most}, and none was found on the PATH.`,
    {
      code: "DEPENDENCY_MISSING",
      storage: "arctic",
      hint: "Install it (Debian and Ubuntu: sudo apt install python3 python3-venv; macOS: brew install python), or set ARCTIC_PYTHON to one that has arcticdb.",
    },
  );
}

/** The error when Python is there but can't make an environment. */
export function noVenv(python: Python): UnavailableError {
  return new UnavailableError(
    `${python.command} can't make a virtual environment: its modules venv and ensurepip are missing, and there is no uv.`,
    {
      code: "DEPENDENCY_MISSING",
      storage: "arctic",
      hint: `Install them (Debian and Ubuntu: sudo apt install python3.${python.minor}-venv), or uv, or set ARCTIC_PYTHON.`,
    },
  );
}

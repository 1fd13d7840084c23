/**
 * Finds Node 24 or newer. Plain JavaScript that any Node from 18 on can run, without dependencies:
 * both the `millrace` command and the npm scripts of the project start here.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";

/** The oldest major version of Node that millrace runs on. */
export const neededMajor = 24;

/** A failure that the user can mend; its message is the whole explanation. */
export class SetupError extends Error {}

/** The user's cache folder of millrace. It may not exist yet. */
export function cacheFolder() {
  const fallback = process.platform === "darwin" ? join(homedir(), "Library", "Caches") : join(homedir(), ".cache");
  return join(process.env.XDG_CACHE_HOME || fallback, "millrace");
}

/**
 * Path of a Node that is new enough: the running one, the one remembered, another on PATH, or one fetched through npm.
 * The path is remembered, because npm needs minutes to find its own copy again without a network.
 *
 * @param {(line: string) => void} say told before anything is fetched
 */
export function findNode(say) {
  if (majorOf(process.versions.node) >= neededMajor) return process.execPath;
  const { path, stamp } = readRemembered();
  // Asking it for its version takes as long as a command may, and the same file gives the same answer.
  if (stamp && stamp === stampOf(path)) return path;
  const found = path && isNewEnough(path) ? path : (onPath("node").find(isNewEnough) ?? fetchNode(say));
  remember(found);
  return found;
}

/** The environment for a child that is to find this Node first. */
export function environmentFor(node) {
  return { ...process.env, PATH: [dirname(node), process.env.PATH].filter(Boolean).join(delimiter) };
}

/**
 * How to call npm: the npm that started this process, else the one on PATH. It runs under `node`, since npm
 * leaves native packages out that its own Node is too old for.
 */
export function npmCommand(node) {
  const started = process.env.npm_execpath;
  if (started && /^npm-cli\.c?js$/.test(basename(started)) && existsSync(started)) return [node, [started]];
  const npm = onPath("npm")[0];
  if (!npm) {
    throw new SetupError(
      `npm was not found. Install Node ${neededMajor} with npm (https://nodejs.org), then run this again.`,
    );
  }
  return [npm, []];
}

/**
 * Runs a program in this one's place: the same terminal, signals passed on, its exit code or signal taken over.
 * Resolves with the exit code.
 *
 * @returns {Promise<number>}
 */
export function runInPlace(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "inherit", ...options });
    const passed = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"].map((signal) => {
      // A terminal sends SIGINT and SIGQUIT to the child by itself.
      const pass = () => (process.stdin.isTTY && /INT|QUIT/.test(signal)) || child.kill(signal);
      process.on(signal, pass);
      return () => process.off(signal, pass);
    });
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      for (const stop of passed) stop();
      if (signal) process.kill(process.pid, signal);
      resolve(code ?? 1);
    });
  });
}

function majorOf(version) {
  return Number.parseInt(version, 10);
}

function isNewEnough(node) {
  try {
    const version = execFileSync(node, ["-p", "process.versions.node"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 10_000,
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    return majorOf(version) >= neededMajor;
  } catch {
    return false;
  }
}

function onPath(name) {
  const found = [];
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const file = join(folder || ".", name);
    try {
      accessSync(file, constants.X_OK);
      if (!found.includes(file)) found.push(file);
    } catch {
      // Not in this folder.
    }
  }
  return found;
}

function rememberedFile() {
  return join(cacheFolder(), `node-${neededMajor}-${process.platform}-${process.arch}.json`);
}

function readRemembered() {
  try {
    return JSON.parse(readFileSync(rememberedFile(), "utf8")) ?? {};
  } catch {
    return {};
  }
}

/** What changes when another program takes this one's place. */
function stampOf(path) {
  try {
    const { size, mtimeMs, ino } = statSync(path);
    return `${size} ${mtimeMs} ${ino}`;
  } catch {
    return undefined;
  }
}

function remember(path) {
  try {
    mkdirSync(cacheFolder(), { recursive: true, mode: 0o700 });
    const staging = `${rememberedFile()}.${process.pid}`;
    writeFileSync(staging, JSON.stringify({ path, stamp: stampOf(path) }));
    renameSync(staging, rememberedFile());
  } catch {
    // A cache folder that can't be written only costs the next start its time.
  }
}

function fetchNode(say) {
  const [npm, args] = npmCommand(process.execPath);
  const run = (more, stdio) => spawnSync(npm, [...args, ...more], { cwd: tmpdir(), encoding: "utf8", stdio });
  const cache = run(["config", "get", "cache"], ["ignore", "pipe", "ignore"]).stdout?.trim();
  say(
    `millrace needs Node ${neededMajor}; this is ${process.versions.node}. ` +
      `Fetching Node ${neededMajor} (121 MB) once through npm, to ${cache ? join(cache, "_npx") : "npm's cache"}.`,
  );
  const request = ["exec", "--yes", `--package=node@${neededMajor}`, "-c", "node -p process.execPath"];
  const fetched = run(request, ["ignore", "pipe", "pipe"]);
  const path = fetched.stdout?.trim().split("\n").pop();
  if (path && isNewEnough(path)) return path;
  throw new SetupError(
    `Node ${neededMajor} could not be fetched through npm${reason(fetched.stderr)}. ` +
      `Check the network and run this again, or install Node ${neededMajor} (https://nodejs.org).`,
  );
}

/** What npm's own output says about why it failed, in brackets; the empty string when it says nothing known. */
export function reason(stderr = "") {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED|ECONNRESET/.test(stderr)) {
    return " (the registry cannot be reached)";
  }
  if (/ENOSPC/.test(stderr)) return " (no space is left on the disk)";
  const line = stderr.split("\n").find((text) => /^npm (error|ERR!) (?!code |errno |syscall )\S/.test(text));
  return line ? ` (${line.replace(/^npm (error|ERR!) /, "")})` : "";
}

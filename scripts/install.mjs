import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { environmentFor, neededMajor, npmCommand, reason, SetupError } from "../bin/node-24.mjs";

/** What npm puts on the disk; measured with `du -sm node_modules`. */
const installedMb = 690;

/** Whether node_modules holds what package-lock.json says, for this platform. Takes a few milliseconds. */
export function isInstalled(root) {
  if (!hasNativePolars(root)) return false;
  if (readText(stampFile(root)) === stamp(root)) return true;
  if (!followsLock(root)) return false;
  // Installed by a plain `npm install`: as good.
  finish(root);
  return true;
}

/** Installs under `node`, by the lock file and without changing it. (`npm ci` refuses a lock file that lacks a package of another platform.) It says first what that brings and where to. */
export async function install(root, node, say) {
  const [npm, args] = npmCommand(node);
  say(`Installing the npm packages of package-lock.json (${installedMb} MB), to ${join(root, "node_modules")}.`);
  const started = Date.now();
  const { code, stderr } = await run(
    npm,
    [
      ...args,
      "install",
      "--no-save",
      "--include=dev",
      "--include=optional",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
    ],
    { cwd: root, env: environmentFor(node) },
  );
  if (code !== 0) {
    throw new SetupError(
      `The npm packages could not be installed${reason(stderr)}. ` +
        "Check the network and the disk and run this again; what was there before may be incomplete.",
    );
  }
  if (!hasNativePolars(root)) {
    throw new SetupError(
      `npm left out the native part of nodejs-polars: there is none for ${process.platform}-${process.arch}, ` +
        "or npm is told to omit optional packages. Run `npm install --include=optional` and see what it says.",
    );
  }
  finish(root);
  say(`Installed in ${Math.round((Date.now() - started) / 1000)} s.`);
}

/** Records what is installed, and lets `npx millrace` find the command of this checkout in all its folders. */
function finish(root) {
  const command = join(root, "node_modules", ".bin", "millrace");
  mkdirSync(dirname(command), { recursive: true });
  rmSync(command, { force: true });
  symlinkSync(join("..", "..", "bin", "millrace.mjs"), command);
  writeFileSync(stampFile(root), stamp(root));
}

function stampFile(root) {
  return join(root, "node_modules", ".millrace-install");
}

function stamp(root) {
  const lock = createHash("sha256").update(readText(join(root, "package-lock.json")) ?? "");
  return `${lock.digest("hex")} ${process.platform}-${process.arch} node ${neededMajor}\n`;
}

/** npm leaves the native part out without a word when its own Node is too old for it. */
function hasNativePolars(root) {
  const modules = join(root, "node_modules");
  if (!existsSync(join(modules, "nodejs-polars", "package.json"))) return false;
  return readdirSync(modules).some((name) => {
    if (!name.startsWith("nodejs-polars-")) return false;
    const { os = [], cpu = [] } = JSON.parse(readText(join(modules, name, "package.json")) ?? "{}");
    return os.includes(process.platform) && cpu.includes(process.arch);
  });
}

/** Compares package-lock.json with the list that npm keeps of what it installed. */
function followsLock(root) {
  const wanted = readPackages(join(root, "package-lock.json"));
  const installed = readPackages(join(root, "node_modules", ".package-lock.json"));
  if (!wanted || !installed) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "" || entry.link) return true;
    return installed[path] ? installed[path].version === entry.version : entry.optional || entry.devOptional;
  });
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

function readText(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function run(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "inherit", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
      process.stderr.write(chunk);
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stderr }));
  });
}

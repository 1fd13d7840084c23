import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { appFolder } from "../config/app-folder.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** What a command printed, and its exit code. */
export interface Printed {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project's folder with the files given, in which commands are run. Temp and cache are those of this machine. */
export async function project(files: Record<string, string> = {}, env: Record<string, string> = {}) {
  const folder = await appFolder(files);
  const { PATH = "", HOME = "", TMPDIR = "", XDG_CACHE_HOME = "" } = process.env;
  const surroundings = Object.fromEntries(
    Object.entries({ PATH, HOME, TMPDIR, XDG_CACHE_HOME }).filter(([, value]) => value !== ""),
  );
  return {
    path: folder.path,
    run: (args: readonly string[], more: Record<string, string> = {}) =>
      runCommand(args, folder.path, { ...surroundings, ...env, ...more }),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

function runCommand(args: readonly string[], cwd: string, env: Record<string, string>): Promise<Printed> {
  const child = spawn(process.execPath, [main, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const printed = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    printed.stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...printed }));
  });
}

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { appFolder } from "../config/app-folder.ts";

/** The command as it is installed: it starts in a third of the time that the sources take. `npm test` builds it. */
export const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
/** What a file of a test imports as `millrace`, so that it is the command's own copy. */
export const millrace = JSON.stringify(new URL("../../dist/index.js", import.meta.url).href);

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

/** A command as a pipe has it; one that goes on is asked to end once `until` was printed. */
export function runCommand(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
  until?: string,
): Promise<Printed> {
  const child = spawn(process.execPath, [main, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const printed = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed.stdout += text;
    if (until !== undefined && new RegExp(until).test(printed.stdout)) child.kill("SIGTERM");
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    printed.stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...printed }));
  });
}

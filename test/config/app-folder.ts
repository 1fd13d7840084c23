import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { getConfigLoggerIn } from "../../src/config/get-config-logger.ts";
import type { Logger } from "../../src/contracts/logger.ts";

/** A folder with the files of an app, removed when the test is done with it. */
export async function appFolder(files: Record<string, string> = {}) {
  const path = await mkdtemp(join(tmpdir(), "millrace-config-"));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  }
  return {
    path,
    /** The config of a service of this app, in exactly this environment. */
    config: (given?: string | Record<string, unknown>, env: Record<string, string> = {}, name = "demo") =>
      getConfigLoggerIn({ cwd: path, env: { LOG_LEVEL: "silent", ...env } }, name, given),
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** A source text for millrace.config.mjs whose logger keeps its lines in the global `lines`. */
export const ownLogger = `
globalThis.lines = [];
const write = (level) => (...parts) => { globalThis.lines.push([level, ...parts]); };
const logger = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
`;

/** A logger that keeps nothing. */
export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

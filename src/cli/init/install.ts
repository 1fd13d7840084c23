import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { UnavailableError } from "../../errors.ts";
import type { GlobalOptions } from "../options.ts";
import { say } from "../output.ts";

const own = fileURLToPath(new URL("../../../", import.meta.url));

/** What package.json has to say so that a service gets this very millrace: its version, or the file that it was installed from. */
export async function installedFrom(): Promise<string> {
  const { version }: { version: string } = JSON.parse(await readFile(join(own, "package.json"), "utf8"));
  const modules = dirname(own.replace(/\/$/, ""));
  const list = join(modules, ".package-lock.json");
  // Not installed by npm: a checkout, which can be linked to.
  if (!existsSync(list)) return `file:${own.replace(/\/$/, "")}`;
  const { packages }: { packages: Record<string, { resolved?: string }> } = JSON.parse(await readFile(list, "utf8"));
  const resolved = packages["node_modules/millrace"]?.resolved ?? "";
  if (!resolved.startsWith("file:")) return `^${version}`;
  return `file:${resolve(dirname(modules), resolved.slice("file:".length))}`;
}

/** Runs `npm install` in a folder, by the Node that runs this: npm leaves out native packages that an older one can't load. */
export async function installPackages(folder: string, options: GlobalOptions): Promise<void> {
  say("Installing packages (some 150 MB, most of it polars) …", options);
  const path = [dirname(process.execPath), process.env.PATH].join(delimiter);
  const npm = spawn("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: folder,
    env: { ...process.env, PATH: path },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  npm.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const code = await new Promise<number | null>((done, fail) => npm.on("error", fail).on("close", done)).catch(
    () => null,
  );
  if (code === 0) return;
  throw new UnavailableError(`npm install failed in ${folder}.`, {
    code: "DEPENDENCY_MISSING",
    cause: new Error(said.trim().split("\n").slice(-3).join(" ") || "npm was not found."),
    hint: "Run `npm install` there; the files are written.",
  });
}

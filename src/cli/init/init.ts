import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { errnoOf } from "../../system/files.ts";
import type { GlobalOptions } from "../options.ts";
import { printJson, say } from "../output.ts";
import { UsageError } from "../report-error.ts";
import { chooseStorage, initStorages, isInitStorage } from "./answers.ts";
import { serviceFiles } from "./files.ts";
import { installedFrom, installPackages } from "./install.ts";

export interface InitArguments {
  readonly storage?: string;
  /** One more service within a folder of services. */
  readonly in?: string;
  /** False with `--no-install`. */
  readonly install: boolean;
}

/** Writes a service that runs at once, and installs what it needs. Nothing that stands there is overwritten. */
export async function init(folder: string | undefined, given: InitArguments, options: GlobalOptions): Promise<void> {
  const target = resolve(given.in ?? folder ?? "");
  const name = nameOf(target);
  if (given.storage !== undefined && !isInitStorage(given.storage)) {
    throw UsageError.unknown("storage", given.storage, initStorages, ["init"]);
  }
  await requireEmpty(target);
  const storage = given.storage ?? (await chooseStorage());
  if (storage === undefined) return say("Nothing was written.", options);
  const shared = given.in !== undefined && isInstalledAbove(target);
  const from = await installedFrom();
  const files = serviceFiles({ name, storage, millrace: from, shared });
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(target, path)), { recursive: true });
    await writeFile(join(target, path), text, { flag: "wx" });
  }
  const place = relative(process.cwd(), target) || ".";
  say(`Wrote the service ${name} to ${place}.`, options);
  if (given.install && !shared) await installPackages(target, options);
  if (options.json) return printJson({ name, folder: target, storage, files: Object.keys(files) });
  const steps = [
    ...(place === "." ? [] : [`cd ${place}`]),
    ...(given.install || shared ? [] : ["npm install"]),
    "npm start",
  ];
  say(`Next: ${steps.join(" && ")}`, options);
  if (given.in !== undefined) say(`All beside it: npx millrace serve ${join(dirname(place), "*")}`, options);
}

function nameOf(target: string): string {
  const name = basename(target)
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "-")
    .replace(/^[-_]+|-+$/g, "");
  return name === "" ? "service" : name;
}

async function requireEmpty(target: string): Promise<void> {
  const entries = await readdir(target).catch((cause: unknown) => {
    if (errnoOf(cause) === "ENOENT") return [];
    throw cause;
  });
  const others = entries.filter((entry) => entry !== ".git");
  if (others.length === 0) return;
  throw new UsageError(
    `${target} is not empty: ${others.slice(0, 3).join(", ")}${others.length > 3 ? " …" : "."}`,
    "A new service is written into a new folder or an empty one, so that nothing is overwritten.",
    "Name a new folder: `millrace init my-service`.",
  );
}

/** Whether a folder above has millrace installed already, so that it is found from here. */
function isInstalledAbove(target: string): boolean {
  for (let folder = dirname(target); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "node_modules", "millrace", "package.json"))) return true;
    if (folder === dirname(folder)) return false;
  }
}

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { oldNode } from "./old-node.ts";

const root = join(import.meta.dirname, "../..");
const nowhere = "http://127.0.0.1:9";
let folder: string;
let checkout: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-project-"));
  checkout = join(folder, "a checkout");
  await cp(join(root, "bin"), join(checkout, "bin"), { recursive: true });
  await cp(join(root, "scripts"), join(checkout, "scripts"), { recursive: true });
  await writeFile(join(checkout, "package.json"), JSON.stringify({ name: "copy", version: "1.0.0" }));
  await writeLock({});
  await script("node_modules/typescript/bin/tsc", "console.log('types under', process.versions.node)");
  env = {
    PATH: process.env.PATH,
    HOME: folder,
    XDG_CACHE_HOME: join(folder, "cache"),
    npm_config_cache: join(folder, "npm"),
    npm_config_registry: nowhere,
    npm_config_fetch_retries: "0",
  };
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe("the bootstrap of the npm scripts", () => {
  test("runs a task when the packages follow the lock file and the native part is there", async () => {
    await installPolars();
    const result = bootstrap("types");
    expect(result.stderr).toBe("");
    expect(result.stdout).toBe(`types under ${process.versions.node}\n`);
    expect(result.status).toBe(0);
  });

  test("lets npx find the command of the checkout in its folders", async () => {
    await installPolars();
    await script("dist/cli/main.js", "console.log('the command', process.argv[2])");
    bootstrap("types");
    const options = { cwd: join(checkout, "scripts"), env, encoding: "utf8" } as const;
    expect(spawnSync("npx", ["millrace", "list"], options).stdout).toBe("the command list\n");
  });

  test("hands on the exit code of the task", async () => {
    await installPolars();
    await script("node_modules/typescript/bin/tsc", "process.exit(7)");
    expect(bootstrap("types").status).toBe(7);
  });

  test("says what it installs, how large and where, and a sentence when the registry is out of reach", async () => {
    await writeLock({ "node_modules/nodejs-polars": polarsEntry });
    const result = bootstrap("types");
    expect(result.stderr).toMatch(/Installing the npm packages .*\d+ MB.* to .*a checkout\/node_modules/);
    expect(result.stderr).toContain("could not be installed (the registry cannot be reached)");
    expect(result.status).toBe(1);
    expect(result.stdout).toBe("");
  });

  test("says so when npm leaves out the native part of nodejs-polars", () => {
    const result = bootstrap("types");
    expect(result.stderr).toContain("npm left out the native part of nodejs-polars");
    expect(result.stderr).toContain("npm install --include=optional");
    expect(result.stderr).not.toContain("Cannot find module");
    expect(result.status).toBe(1);
  });

  test("installs again when a package of the lock file has another version", async () => {
    await installPolars();
    await writeLock({ "node_modules/nodejs-polars": { ...polarsEntry, version: "9.9.9" } });
    expect(bootstrap("types").stderr).toContain("Installing the npm packages");
  });

  test("waits while another process prepares the same folder", async () => {
    const lock = join(folder, "cache/millrace", `setup-${sha256(checkout).slice(0, 16)}.lock`);
    await mkdir(dirname(lock), { recursive: true });
    await writeFile(lock, String(process.pid));
    const waiting = spawn(process.execPath, ["scripts/bootstrap.mjs", "types"], { cwd: checkout, env });
    const ended = once(waiting, "exit");
    expect(String(await once(waiting.stderr, "data"))).toContain("Another process prepares this folder");
    await installPolars();
    await rm(lock);
    expect(await ended).toEqual([0, null]);
  });

  test("takes over from a process that was killed while it prepared the folder", async () => {
    const lock = join(folder, "cache/millrace", `setup-${sha256(checkout).slice(0, 16)}.lock`);
    await mkdir(dirname(lock), { recursive: true });
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    await writeFile(lock, String(pid));
    expect(bootstrap("types").stderr).toContain("Installing the npm packages");
  });

  test("names the tasks when there is none of that name", () => {
    expect(bootstrap("tset").stderr).toMatch(/no task "tset".*test, /);
  });
});

describe.skipIf(oldNode === undefined)("on this machine's own, older Node", () => {
  test("the remembered Node 24 is used, without npm and without a network", async () => {
    await installPolars();
    await remember(process.execPath);
    const result = bootstrap("types", { node: oldNode, PATH: "" });
    expect(result.stdout).toBe(`types under ${process.versions.node}\n`);
  });

  test("a Node 24 elsewhere on PATH is found, and remembered", async () => {
    await installPolars();
    const result = bootstrap("types", { node: oldNode, PATH: dirname(process.execPath) });
    expect(result.stdout).toBe(`types under ${process.versions.node}\n`);
    expect(bootstrap("types", { node: oldNode, PATH: "" }).status).toBe(0);
  });

  test("a remembered Node that is gone is looked for again", async () => {
    await installPolars();
    await remember(join(folder, "gone"));
    expect(bootstrap("types", { node: oldNode, PATH: dirname(process.execPath) }).status).toBe(0);
  });

  test("it says what it fetches, and one sentence when the registry is out of reach", async () => {
    const result = bootstrap("types", { node: oldNode, PATH: await oldTools("npm") });
    expect(result.stderr).toMatch(/needs Node 24; this is \S+ Fetching Node 24 \(121 MB\) once through npm, to .*_npx/);
    expect(result.stderr).toContain("could not be fetched through npm (the registry cannot be reached)");
    expect(result.status).toBe(1);
  });

  test("without npm it says what to install", async () => {
    const result = bootstrap("types", { node: oldNode, PATH: await oldTools() });
    expect(result.stderr).toBe(
      "npm was not found. Install Node 24 with npm (https://nodejs.org), then run this again.\n",
    );
  });

  test("the millrace command runs under Node 24 with the same arguments, output and exit code", async () => {
    await remember(process.execPath);
    await script(
      "dist/cli/main.js",
      "console.log(process.versions.node, ...process.argv.slice(2)); process.exitCode = 3",
    );
    const options = { encoding: "utf8", env: { ...env, PATH: "" } } as const;
    const result = spawnSync(oldNode ?? "", [join(checkout, "bin/millrace.mjs"), "list", "a b"], options);
    expect(result.stdout).toBe(`${process.versions.node} list a b\n`);
    expect(result.status).toBe(3);
  });

  test("the millrace command passes a signal on and ends by it", async () => {
    await remember(process.execPath);
    await script("dist/cli/main.js", "console.log('runs'); setInterval(() => {}, 1000)");
    const child = spawn(oldNode ?? "", [join(checkout, "bin/millrace.mjs")], { env: { ...env, PATH: "" } });
    await once(child.stdout, "data");
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([null, "SIGTERM"]);
  });
});

test("the millrace command says how to build when dist is not there", () => {
  const result = spawnSync(process.execPath, [join(checkout, "bin/millrace.mjs")], { encoding: "utf8", env });
  expect(result.stderr).toContain("Run `npm run build`");
  expect(result.status).toBe(1);
});

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

const polarsEntry = { version: "0.26.1", integrity: "sha512-AAAA" };

function bootstrap(task: string, { node = process.execPath, PATH = env.PATH }: { node?: string; PATH?: string } = {}) {
  const options = { cwd: checkout, env: { ...env, PATH }, encoding: "utf8" } as const;
  return spawnSync(node, ["scripts/bootstrap.mjs", task], options);
}

async function writeLock(packages: Record<string, object>): Promise<void> {
  const lock = { name: "copy", version: "1.0.0", lockfileVersion: 3, requires: true };
  const top = {
    name: "copy",
    version: "1.0.0",
    dependencies: Object.hasOwn(packages, "node_modules/nodejs-polars") ? { "nodejs-polars": "*" } : {},
  };
  await writeFile(join(checkout, "package.json"), JSON.stringify(top));
  await writeFile(join(checkout, "package-lock.json"), JSON.stringify({ ...lock, packages: { "": top, ...packages } }));
}

/** What npm leaves behind, with an empty package in the place of the real one. */
async function installPolars(): Promise<void> {
  const packages = { "node_modules/nodejs-polars": polarsEntry };
  await writeLock(packages);
  await script("node_modules/.package-lock.json", JSON.stringify({ packages }));
  await script("node_modules/nodejs-polars/package.json", "{}");
  const native = { os: [process.platform], cpu: [process.arch] };
  await script("node_modules/nodejs-polars-native/package.json", JSON.stringify(native));
}

async function remember(node: string): Promise<void> {
  await script(`../cache/millrace/node-24-${process.platform}-${process.arch}.json`, JSON.stringify({ path: node }));
}

/** A folder for PATH with the old Node and the named tools beside it, and nothing else. */
async function oldTools(...names: string[]): Promise<string> {
  const tools = join(folder, "tools");
  await mkdir(tools, { recursive: true });
  for (const name of ["node", ...names]) await symlink(join(dirname(oldNode ?? ""), name), join(tools, name));
  for (const name of ["env", "sh"]) await symlink(join("/usr/bin", name), join(tools, name));
  return tools;
}

async function script(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(checkout, path)), { recursive: true });
  await writeFile(join(checkout, path), content);
}

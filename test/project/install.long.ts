import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
let folder = "";
let tarball = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-install-"));
  execFileSync(process.execPath, [join(root, "scripts/bootstrap.mjs"), "ready"]);
  const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const [{ filename, size }] = JSON.parse(execFileSync("npm", pack, { cwd: root, encoding: "utf8" }));
  expect(size).toBeLessThan(1_000_000);
  tarball = join(folder, filename);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("npm installs the packed tarball into an empty project, where it runs, also on the newest Node", () => {
  const app = project("npm");
  run(app, "npm", "install", ...quiet, tarball);
  expect(run(app, process.execPath, "main.js")).toBe(printed);
  expect(run(app, "npx", "millrace", "--version")).toMatch(version);

  const newest = project("newest");
  run(newest, "npm", "install", ...quiet, "--foreground-scripts", "node@26");
  const node26 = join(newest, "node_modules/node/bin/node");
  expect(run(newest, node26, "-p", "process.versions.node")).toMatch(/^26\./);
  expect(run(app, node26, "main.js")).toBe(printed);
});

test("with --omit=optional the import and the command say in one sentence what to install", () => {
  const app = project("omit");
  run(app, "npm", "install", ...quiet, "--omit=optional", tarball);
  const imported = spawnSync(process.execPath, ["main.js"], { cwd: app, encoding: "utf8" });
  expect(imported.stderr).toContain("Run `npm install --include=optional`");
  expect(imported.stderr).not.toMatch(/^ +at |Cannot find module/m);
  expect(imported.status).toBe(1);
  const listed = spawnSync("npx", ["millrace", "list", "csv"], { cwd: app, encoding: "utf8" });
  expect(listed.stderr).toContain("Run `npm install --include=optional`");
  expect(listed.stderr).not.toMatch(/^ +at /m);
});

test("pnpm installs it, and it runs", () => {
  const app = project("pnpm");
  run(app, "npx", "-y", "pnpm@12", "add", tarball);
  expect(run(app, process.execPath, "main.js")).toBe(printed);
  expect(run(app, "npx", "-y", "pnpm@12", "exec", "millrace", "--version")).toMatch(version);
});

test("Yarn installs it, the classic one and the modern one with node_modules, and it runs", () => {
  const classic = project("classic", foreignParts());
  run(classic, "npx", "-y", "yarn@1", "add", tarball, "--non-interactive");
  expect(run(classic, process.execPath, "main.js")).toBe(printed);

  const modern = project("modern", foreignParts());
  writeFileSync(
    join(modern, ".yarnrc.yml"),
    "nodeLinker: node-modules\nenableTelemetry: false\nenableScripts: false\n",
  );
  writeFileSync(join(modern, "yarn.lock"), "");
  const registry = run(modern, "npm", "config", "get", "registry").trim();
  const env = { YARN_NPM_REGISTRY_SERVER: registry, YARN_GLOBAL_FOLDER: join(folder, "yarn") };
  execFileSync("npx", ["-y", "@yarnpkg/cli-dist@4", "add", `millrace@file:${tarball}`], {
    cwd: modern,
    stdio: "pipe",
    env: { ...environment, ...env },
  });
  expect(run(modern, process.execPath, "main.js")).toBe(printed);
});

test("esbuild bundles it; with the two packages left outside beside it, the bundle runs elsewhere", () => {
  const app = project("bundle");
  run(app, "npm", "install", ...quiet, tarball);
  const outside = ["nodejs-polars", "apache-arrow"];
  run(
    app,
    ...["npx", "-y", "esbuild@0.28", "main.js", "--bundle", "--platform=node", "--format=esm", "--log-level=error"],
    ...outside.map((name) => `--external:${name}`),
    "--banner:js=const require = process.getBuiltinModule('module').createRequire(import.meta.url);",
    "--outfile=out/app.mjs",
  );
  const elsewhere = join(folder, "elsewhere");
  mkdirSync(join(elsewhere, "node_modules"), { recursive: true });
  cpSync(join(app, "out/app.mjs"), join(elsewhere, "app.mjs"));
  const natives = readdirSync(join(app, "node_modules")).filter((name) => name.startsWith("nodejs-polars-"));
  for (const name of [...natives, ...outside, "flatbuffers", "tslib"]) {
    cpSync(join(app, "node_modules", name), join(elsewhere, "node_modules", name), { recursive: true });
  }
  expect(run(elsewhere, process.execPath, "app.mjs")).toBe(printed);
});

const version = /^\d+\.\d+\.\d+\n$/;
const printed = "[ { a: 1 } ] done function function\n";
const program = `
  import { DataFactory, definePipeline, frame, getConfigLogger, records } from "millrace";
  import { storageChecks } from "millrace/testing";
  import { serve } from "millrace/service";
  const { config, logger } = await getConfigLogger("app", { LOG_LEVEL: "silent" });
  await using factory = new DataFactory({ config, logger });
  await factory.createDataSaver("csv").saveData(frame([{ a: 1 }]), "x");
  const { state } = await definePipeline({ name: "copy", copy: { from: "csv:x", to: "temp" } }).run({ factory, show: "none" });
  console.log(records(await factory.createDataSource("temp").getData("x")), state, typeof storageChecks, typeof serve);
`;

const environment = { ...process.env, PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) };

function project(name: string, more: object = {}): string {
  const app = join(folder, name);
  mkdirSync(app);
  writeFileSync(join(app, "package.json"), JSON.stringify({ name: "app", version: "1.0.0", type: "module", ...more }));
  writeFileSync(join(app, "main.js"), program);
  return app;
}

function run(cwd: string, command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: "pipe", env: environment });
}

/** Yarn asks for the native parts of all platforms, which a mirror may lack: those of others are taken for this one's. */
function foreignParts(): object {
  const about = JSON.parse(readFileSync(join(root, "node_modules/nodejs-polars/package.json"), "utf8"));
  const parts = Object.keys(about.optionalDependencies);
  const { packages } = JSON.parse(readFileSync(join(root, "node_modules/.package-lock.json"), "utf8"));
  const own = parts.find((name) => packages[`node_modules/${name}`]);
  const others = parts.filter((name) => name !== own);
  return { resolutions: Object.fromEntries(others.map((name) => [name, `npm:${own}@${about.version}`])) };
}

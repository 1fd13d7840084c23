import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { project } from "./project.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);

/** Puts this checkout where npm would have installed it. */
async function install(folder: string): Promise<void> {
  await mkdir(join(folder, "node_modules"));
  await symlink(root, join(folder, "node_modules", "millrace"));
  await mkdir(join(folder, "node_modules", ".bin"));
  await symlink(join(root, "bin/millrace.mjs"), join(folder, "node_modules", ".bin", "millrace"));
  await symlink(join(root, "node_modules", "@types"), join(folder, "node_modules", "@types"));
}

test("a new service runs at once, passes its own test, and has right types", async () => {
  await using here = await project();
  const made = await here.run(["init", "my demo", "--no-install", "--json"]);
  const folder = join(here.path, "my demo");
  expect(JSON.parse(made.stdout)).toMatchObject({ name: "my-demo", folder, storage: "csv" });
  await install(folder);
  const millrace = [join(root, "bin/millrace.mjs")];
  const ran = await run(process.execPath, [...millrace, "run", "pipelines/daily.ts", "--json"], { cwd: folder });
  expect(JSON.parse(ran.stdout)).toMatchObject({ state: "done", rows: 4000 });
  const shown = await run(process.execPath, [...millrace, "show", "csv:prices_trend", "--json"], { cwd: folder });
  expect(JSON.parse(shown.stdout)).toMatchObject({ rows: 2000, key: ["symbol", "day"], timeColumn: "day" });
  const tested = await run(process.execPath, [...millrace, "node", "--test", "test/trend.test.ts"], { cwd: folder });
  expect(tested.stdout).toMatch(/pass 1/);
  await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder], { cwd: folder });
});

test("`npm start` serves what the pipeline made, and ends cleanly by the signal with which a container is ended", async () => {
  await using here = await project();
  await here.run(["init", "x", "--no-install"]);
  await install(join(here.path, "x"));
  const env = { ...process.env, SERVICE_PORT: "0" };
  const npm = spawn("npm", ["start"], { cwd: join(here.path, "x"), env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  npm.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (!said.includes("Serving at") && `${said}${text}`.includes("Serving at")) npm.kill("SIGTERM");
    said += text;
  });
  await once(npm, "close");
  expect(said).toContain("Ending.");
});

test("in production the settings that development takes by default are said, so that it starts and is healthy", async () => {
  await using here = await project();
  await here.run(["init", "x", "--no-install"]);
  await install(join(here.path, "x"));
  const env = { ...process.env, NODE_ENV: "production" };
  const command = [join(root, "bin/millrace.mjs"), "list", "csv"];
  expect((await run(process.execPath, command, { cwd: join(here.path, "x"), env })).stdout).toBe("csv:prices.csv\n");
  // A server that the service doesn't use is not missed: `/health` would be 503 for ever.
  const doctor = [join(root, "bin/millrace.mjs"), "doctor", "--json"];
  const found = JSON.parse((await run(process.execPath, doctor, { cwd: join(here.path, "x"), env })).stdout);
  expect(found.filter(({ status }: { status: string }) => status === "fail")).toEqual([]);
});

test("with --in a service joins others and shares their packages", async () => {
  await using here = await project();
  await install(here.path);
  await here.run(["init", "--in", "services/prices", "--storage", "postgres"]);
  const made = JSON.parse(await readFile(join(here.path, "services/prices/package.json"), "utf8"));
  expect(made.dependencies).toBeUndefined();
  expect(await readFile(join(here.path, "services/prices/pipelines/daily.ts"), "utf8")).toContain('to: "postgres"');
});

test("nothing that stands there is overwritten, and an unknown storage is refused", async () => {
  await using here = await project({ "full/notes.txt": "mine" });
  await writeFile(join(here.path, "full/package.json"), "{}");
  const refused = await here.run(["init", "full", "--no-install"]);
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  expect(refused.stderr).toMatch(/is not empty.*\nwhy .*nothing is overwritten/);
  expect((await here.run(["init", "y", "--storage", "mysql", "--no-install"])).code).toBe(2);
});

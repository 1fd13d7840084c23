import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-demo-"));
});
afterAll(async () => {
  await run([join(root, "bin/millrace.mjs"), "stop", "--force"], folder);
  rmSync(folder, { recursive: true, force: true });
});

/** Runs Node with these arguments, with nothing set that would lead to another database. */
async function run(args: string[], cwd = root, env: NodeJS.ProcessEnv = {}) {
  const { DATABASE_URL: _, DB_SERVER: __, ...clean } = process.env;
  const child = spawn(process.execPath, args, { cwd, env: { ...clean, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, output };
}

const demo = (env: NodeJS.ProcessEnv = {}) =>
  run([join(root, "examples/demo.ts")], root, { MILLRACE_DEMO_DATA: folder, ...env });

test("the demo runs its three pipelines, and says where the data is", async () => {
  const { code, output } = await demo();
  expect(output).toContain("save to postgres:screener");
  expect(output).toContain("save to arctic:processed_data");
  expect(output).toContain("read csv:backup_copy");
  expect(output).toContain("nothing stood there yet");
  expect(output).toContain("postgresql://postgres:***@127.0.0.1");
  expect(output).toMatch(/Done in/);
  expect(code).toBe(0);
});

test("a second run backs up what the first one left", async () => {
  const { code, output } = await demo();
  expect(output).toContain("back up postgres:screener as ");
  expect(code).toBe(0);
});

test("the commands that it prints find the data", async () => {
  const command = (...args: string[]) => run([join(root, "bin/millrace.mjs"), ...args], folder);
  expect((await command("list")).output).toContain("screener");
  for (const name of ["postgres:screener", "arctic:processed_data", "csv:backup_copy"]) {
    const { code, output } = await command("show", name);
    expect(output).toMatch(/AAA|MSFT/);
    expect(code).toBe(0);
  }
});

test("when a pipeline fails the others still run, and the exit code says so", async () => {
  const { code, output } = await demo({ ARCTIC_PYTHON: join(folder, "no-python") });
  expect(output).toContain("save to postgres:screener");
  expect(output).toContain("Not all was done");
  expect(code).toBe(1);
});

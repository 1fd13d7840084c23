import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** The services of examples/several-services, in the order of the dashboard. */
export const serviceNames = ["archive", "orders", "prices", "trends", "weather"];

/** The example as a user has it: beside an installed millrace, started by the command in its package.json. */
export async function startSeveralServices() {
  const folder = await mkdtemp(join(tmpdir(), "millrace-services-"));
  await cp(join(root, "examples/several-services"), folder, { recursive: true });
  await mkdir(join(folder, "node_modules"));
  await symlink(root, join(folder, "node_modules/millrace"));
  const folders = serviceNames.map((name) => `services/${name}`);
  const args = [
    join(root, "bin/millrace.mjs"),
    "serve",
    ...folders,
    "--port",
    "0",
    "--no-schedule",
    "--json",
    "--quiet",
  ];
  const env = { ...process.env, ARCTIC_INSTALL: "never" };
  const served = spawn(process.execPath, args, { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
  const url = await printedUrl(served);
  return {
    url,
    /** Runs the pipeline of a service, which has its name, and waits for its end. */
    async run(name: string): Promise<string> {
      const begun = await fetch(`${url}/services/${name}/api/pipelines/${name}/run`, { method: "POST" });
      const { run } = (await begun.json()) as { run: string };
      return (await fetch(`${url}/services/${name}/api/runs/${run}/events`)).text();
    },
    /** Ends it, and resolves with its exit code. */
    async end(): Promise<unknown> {
      const ended = once(served, "exit");
      served.kill("SIGTERM");
      const [code] = await ended;
      await rm(folder, { recursive: true, force: true });
      return code;
    },
  };
}

async function printedUrl({ stdout }: ChildProcess): Promise<string> {
  let printed = "";
  for await (const text of stdout ?? []) {
    printed += text;
    if (printed.trimEnd().endsWith("}")) return JSON.parse(printed).url;
  }
  throw new Error(`serve ended: ${printed}`);
}

import { fork } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { main, millrace, project } from "../cli/project.ts";
import { openQueuePlace } from "./workers.ts";

test("on the command line a run goes through a worker, a failure is shown and redriven, and SIGTERM ends the worker with 0", async () => {
  await using place = await openQueuePlace();
  const { DB_SERVER, DB_PORT, DB_USER, DB_PASSWORD } = place.config;
  const env = {
    ...{ DB_SERVER, DB_PORT: String(DB_PORT), DB_USER, DB_PASSWORD, DB_NAME: "postgres", DB_EMBEDDED: "never" },
    ...{ QUEUE: "pg-boss", LEDGER: "postgres", QUEUE_LEASE: "2s" },
  };
  await using folder = await project({}, env);
  await writeFile(
    join(folder.path, "pipeline.ts"),
    `import { existsSync } from "node:fs";
import { definePipeline, frame } from ${millrace};
const from = {
  listSources: async () => ["a", "b"],
  healthCheck: async () => true,
  async getData(name: string) {
    if (name === "b" && !existsSync("mended")) throw new Error("b is not there yet");
    return frame([{ name }], { name: "string" });
  },
};
export default definePipeline({ name: "through", copy: { from, to: "postgres" } });
`,
  );
  const worker = fork(main, ["worker", "pipeline.ts", "--port", "0", "--json"], {
    cwd: folder.path,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "ignore", "ipc"],
  });
  try {
    const [hello] = (await once(worker.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
    const { url } = JSON.parse(hello.toString()) as { url: string };
    expect((await fetch(`${url}/health`)).status).toBe(200);
    const failed = await folder.run(["run", "pipeline.ts"]);
    expect(failed.code).not.toBe(0);
    expect(failed.stderr).toContain("b is not there yet");
    const status = await folder.run(["queue", "status"]);
    expect(status.stdout).toMatch(/Could not be done:[\s\S]*copy\s+b\s+b is not there yet/);
    await writeFile(join(folder.path, "mended"), "");
    const again = await folder.run(["queue", "redrive"]);
    expect(again.stdout).toMatch(/^\d{8}-\d{6}-\w{6}\n$/);
    const runs = async () =>
      JSON.parse((await folder.run(["runs", "pipeline.ts", "--json"])).stdout) as { state: string }[];
    await expect.poll(async () => (await runs())[0]?.state, { timeout: 60_000 }).toBe("done");
    const purged = await folder.run(["queue", "purge", "--dead", "--yes", "--json"]);
    expect(JSON.parse(purged.stdout)).toEqual({ removed: 0 });
    const ended = once(worker, "exit");
    worker.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  } finally {
    worker.kill("SIGKILL");
  }
});

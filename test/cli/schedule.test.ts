import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { main, millrace, project } from "./project.ts";

const pipelines = `import { setTimeout as wait } from "node:timers/promises";
import { definePipeline } from ${millrace};
const untilAborted = async ({ signal }) => {
  console.log("endless ran");
  await wait(1e9, undefined, { signal });
};
export const endless = definePipeline({ name: "endless", steps: [untilAborted], ...(process.env.ENDLESS && { schedule: { every: "1s" } }) });
export const often = definePipeline({ name: "often", schedule: { every: "1s" }, steps: [() => console.log("often ran")] });
export const nightly = definePipeline({ name: "nightly", schedule: { cron: "30 2 * * *", zone: "Europe/Berlin" }, steps: [() => {}] });
export const byHand = definePipeline({ name: "by-hand", steps: [() => {}] });
`;

test("schedule --next prints the next time of each pipeline, soonest first, and runs nothing", async () => {
  await using here = await project({ "pipelines.ts": pipelines, "empty.ts": "export const nothing = 1;" });
  const { code, stdout } = await here.run(["schedule", "--next", "--json", "pipelines.ts"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout).map(({ pipeline }: { pipeline: string }) => pipeline)).toEqual(["often", "nightly"]);
  expect((await here.run(["schedule", "--next", "pipelines.ts"])).stdout).toMatch(
    /^next run +pipeline\n\S+Z +often\n\S+Z +nightly\n$/,
  );
});

test("schedule names the file that is not there, and one that exports no pipeline", async () => {
  await using here = await project({ "empty.ts": "export const nothing = 1;" });
  expect(await here.run(["schedule", "none.ts"])).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("There is no file none.ts."),
  });
  expect(await here.run(["schedule", "empty.ts"])).toMatchObject({
    code: 4,
    stderr: expect.stringContaining("empty.ts exports no pipeline."),
  });
});

test.each(["often ran", "endless ran"])(
  "schedule runs pipelines until SIGTERM, in or between runs, and then ends with 0: %s",
  async (awaited) => {
    await using here = await project({ "pipelines.ts": pipelines });
    const child = spawn(process.execPath, [main, "schedule", "--quiet", "pipelines.ts"], {
      cwd: here.path,
      env: { ...process.env, ...(awaited === "endless ran" && { ENDLESS: "yes" }) },
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    let runs = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === awaited && ++runs === (awaited === "often ran" ? 2 : 1)) child.kill("SIGTERM");
    }
    if (child.exitCode === null) await once(child, "exit");
    expect([child.exitCode, child.signalCode]).toEqual([0, null]);
    expect(runs).toBeGreaterThanOrEqual(1);
  },
);

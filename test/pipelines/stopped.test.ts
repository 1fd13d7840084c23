import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { definePipeline } from "../../src/pipelines/define.ts";
import { openPlace, prices } from "./open.ts";

test("SIGTERM ends a run cleanly: it is stopped, the process ends by that signal, and the run can be gone on with", async () => {
  await using place = await openPlace();
  await place.save("temp", "slow", prices("A", 3));
  const config = JSON.stringify({ FS_DATA: place.config.FS_DATA, FS_TEMP: place.config.FS_TEMP });
  const child = fork(join(import.meta.dirname, "programs", "stopped.ts"), [config], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const exited = once(child, "exit");
  await once(child, "message");
  child.kill("SIGTERM");
  expect(await exited).toEqual([null, "SIGTERM"]);
  const pipeline = definePipeline({
    name: "stopped",
    steps: [
      { name: "first", copy: { from: "temp:slow", to: "csv:slow", mode: "append" } },
      { name: "wait", run: () => {} },
    ],
  });
  const [run] = await pipeline.runs(place.options);
  expect(run).toMatchObject({ state: "stopped", error: { message: "The run of stopped was stopped by SIGTERM." } });
  expect(await pipeline.resume(run?.id, place.options)).toMatchObject({ state: "done", rows: 3 });
  expect(await place.rows("csv", "slow")).toHaveLength(3);
});

import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect } from "vitest";
import { frame } from "../../src/frame/frame.ts";
import { records } from "../../src/frame/records.ts";
import { definePipeline } from "../../src/pipelines/define.ts";
import { openFactory } from "../storages/factory.ts";

const program = join(import.meta.dirname, "programs", "killed.ts");

/**
 * Kills runs with -9 at random instants, each of which the next run goes on with, while the source grows; then lets one end. What
 * stands there in the end has to be what undisturbed runs would have made of it.
 */
export async function killRuns(type: string, kills: number): Promise<void> {
  await using opened = await openFactory();
  const { factory, config } = opened;
  const given = JSON.stringify({ FS_DATA: config.FS_DATA, FS_TEMP: config.FS_TEMP, DB_EMBEDDED: "always" });
  const growing = factory.createDataSaver("temp");
  let id = 0;
  const grow = async () => {
    const rows = Array.from({ length: 3 }, () => {
      id += 1;
      return { id, ts: new Date(Date.UTC(2024, 0, 1, 0, 0, Math.floor(id / 2))).toISOString().slice(0, -1) };
    });
    await growing.saveData(frame(rows, { id: "int64", ts: "datetime[us]" }), "growing", {
      mode: "append",
      timeColumn: "ts",
    });
  };
  // The helpers that storages start are up before the first process is killed.
  await factory.createDataSaver(type).saveData(frame([{ a: 1 }], { a: "int64" }), "first");
  for (let killed = 0; killed < kills; ) {
    await grow();
    if (await isKilled(given, type, { after: Math.ceil(Math.random() * 30), delayMs: Math.random() * 12 })) killed += 1;
  }
  await isKilled(given, type, null);
  const rows = async (name: string) => records(await factory.createDataSource(type).getData(name));
  const texts = (all: readonly object[]) =>
    all.map((row) => JSON.stringify(row, (_, value) => (typeof value === "bigint" ? Number(value) : value))).sort();

  const source = texts(records(await factory.createDataSource("temp").getData("growing")));
  const pipeline = definePipeline({
    name: "killed",
    steps: [
      {
        name: "grow",
        copy: { from: "temp:growing", to: `${type}:grown`, incremental: { cursor: "ts" }, timeColumn: "ts" },
      },
      { name: "whole", copy: { from: "temp:growing", to: `${type}:whole`, mode: "upsert", key: ["id"] } },
    ],
  });
  const runs = await pipeline.runs({ factory, limit: 1_000 });
  expect(runs.every(({ state }) => state === "done")).toBe(true);
  const oneRun = Array.from({ length: 40 }, (_, at) => ({ item: `item ${Math.floor(at / 5)}`, row: at % 5 }));
  expect(texts(await rows("added"))).toEqual(texts(runs.flatMap(() => oneRun)));
  // What came after the last run that had begun is read by one more.
  await pipeline.run({ factory, show: "none", signals: false });
  expect(texts(await rows("grown"))).toEqual(source);
  expect(texts(await rows("whole"))).toEqual(source);
}

/** Runs the program, and resolves with whether it was killed before it ended. */
async function isKilled(
  config: string,
  type: string,
  kill: { readonly after: number; readonly delayMs: number } | null,
): Promise<boolean> {
  const child = fork(program, [config, type], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  let events = 0;
  child.on("message", () => {
    events += 1;
    if (kill && events === kill.after) setTimeout(() => child.kill("SIGKILL"), kill.delayMs);
  });
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  if (code !== 0 && signal !== "SIGKILL") throw new Error(`The run ended by itself with ${code ?? signal}.`);
  return signal === "SIGKILL";
}

import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { millrace, project } from "./project.ts";

const env = { DB_EMBEDDED: "never", FS_DATA: "data", FS_TEMP: "temp", LOG_LEVEL: "warn" };

const files = {
  "prices.ts": `import { between, definePipeline } from ${millrace};
export default definePipeline({
  name: "prices", copy: { from: "csv:prices", to: "csv:kept", mode: "append" },
  checks: { close: between(0, Number(process.env.MOST ?? 10)) }, onFail: "quarantine",
});`,
  "broken.ts": `import { definePipeline } from ${millrace};
export const one = definePipeline({ name: "one", steps: [() => { throw new Error("no such luck"); }] });
export const two = definePipeline({ name: "two", steps: [() => {}] });`,
  "trades.ts": `import { definePipeline } from ${millrace};
export default definePipeline({
  name: "trades", undoable: true, copy: { from: "csv:trades", to: "csv:kept", incremental: { cursor: "ts", onNull: process.env.NULLS ?? "fail" } },
});`,
  "data/prices.csv": "id,close\n1,5\n2,50\n",
};

const trades = (...days: readonly string[]) => `ts,price\n${days.map((day) => `${day},1\n`).join("")}`;

test("a pipeline is planned, run and listed, and rows that were put aside are loaded once they hold", async () => {
  await using here = await project(files, env);
  const planned = await here.run(["plan", "prices.ts", "--json"]);
  expect(JSON.parse(planned.stdout)).toMatchObject({
    pipeline: "prices",
    error: null,
    broken: [{ column: "close", rows: 1 }],
  });
  expect((await here.run(["list", "csv"])).stdout).toBe("csv:prices.csv\n");
  const ran = JSON.parse((await here.run(["run", "prices.ts", "--json"])).stdout);
  expect(ran).toMatchObject({ pipeline: "prices", state: "done", rows: 1 });
  expect((await here.run(["runs", "prices.ts"])).stdout).toContain(`${ran.id}  done`);
  expect(await here.run(["quarantine", "retry", "prices.ts", "csv:kept"])).toMatchObject({
    code: 0,
    stdout: "0 rows loaded, 1 left.\n",
  });
  const mended = ["quarantine", "retry", "prices.ts", "csv:kept"];
  expect(await here.run(mended, { MOST: "100" })).toMatchObject({ code: 0, stdout: "1 row loaded, 0 left.\n" });
  expect((await here.run(["diff", "csv:prices", "csv:kept", "--key", "id"])).stdout).toBe("Equal, by id: 2 rows.\n");
});

test("diff prints what differs, as text and as JSON", async () => {
  await using here = await project({ "data/a.csv": "id,x\n1,a\n2,b\n", "data/b.csv": "id,x\n2,c\n3,d\n" }, env);
  const shown = await here.run(["diff", "csv:a", "csv:b", "--key", "id"]);
  expect(shown.stdout).toBe(
    "2 rows against 2, by id: 1 added, 1 removed, 1 changed, 0 unchanged.\n  changed in x: 1 row\n+ id=3 x='d'\n- id=1 x='a'\n~ id=2  x: 'b' -> 'c'\n",
  );
  expect(JSON.parse((await here.run(["diff", "csv:a", "csv:b", "--json"])).stdout)).toMatchObject({
    by: "content",
    added: 2,
    removed: 2,
  });
  await writeFile(join(here.path, "data/c.csv"), "id,x\n1,a\n1,b\n");
  expect(await here.run(["diff", "csv:c", "csv:a", "--key", "id"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("row 1 and row 2 have the same"),
  });
});

test("a run that fails decides the exit code, and of several pipelines one has to be named", async () => {
  await using here = await project(files, env);
  expect(await here.run(["run", "broken.ts", "--pipeline", "one"])).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringContaining("no such luck"),
  });
  expect(await here.run(["run", "broken.ts"])).toMatchObject({
    code: 4,
    stderr: expect.stringContaining("--pipeline with one of one, two"),
  });
  expect(await here.run(["runs", "broken.ts", "--pipeline", "tow"])).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('Did you mean "two"?'),
  });
  expect(await here.run(["state", "show", "broken.ts", "--pipeline", "two"])).toMatchObject({ code: 0, stdout: "" });
});

test("a run that failed is gone on with, and one that is done is not", async () => {
  await using here = await project({ ...files, "data/trades.csv": trades("2024-01-01", "") }, env);
  const failed = await here.run(["run", "trades.ts"]);
  expect(failed).toMatchObject({ code: 1, stdout: "" });
  expect(failed.stderr).toMatch(/^next {2}Mend these rows, or leave them out .* Then go on with resume\("[^"]+"\)/m);
  const resumed = JSON.parse((await here.run(["resume", "trades.ts", "--json"], { NULLS: "skip" })).stdout);
  expect(resumed).toMatchObject({ state: "done", rows: 1, resumed: 1 });
  expect(failed.stderr).toContain(resumed.id);
  expect(await here.run(["resume", "trades.ts", resumed.id])).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("is done: there is nothing left to do"),
  });
});

test("what a run wrote is put back as it was, once", async () => {
  await using here = await project({ ...files, "data/trades.csv": trades("2024-01-01") }, env);
  await here.run(["run", "trades.ts"]);
  await writeFile(join(here.path, "data/trades.csv"), trades("2024-01-01", "2024-01-02"));
  const { id } = JSON.parse((await here.run(["run", "trades.ts", "--json"])).stdout);
  expect(await here.run(["undo", "trades.ts", id])).toEqual({ code: 0, stdout: "csv:kept restored\n", stderr: "" });
  expect((await here.run(["show", "csv:kept"])).stdout).toContain("csv:kept: 1 rows");
  expect((await here.run(["state", "show", "trades.ts"])).stdout).toContain("copy/trades  2024-01-01");
  expect(await here.run(["undo", "trades.ts", id])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("it was undone already"),
  });
});

test("a cursor is set and reset by hand, and only to a time of a reader", async () => {
  const days = ["2024-01-01", "2024-01-02", "2024-01-03"];
  await using here = await project({ ...files, "data/trades.csv": trades(...days) }, env);
  await here.run(["run", "trades.ts"]);
  const read = async () => JSON.parse((await here.run(["state", "show", "trades.ts", "--json"])).stdout)[0].value;
  expect(await read()).toBe("2024-01-03");
  expect((await here.run(["state", "set", "trades.ts", "copy/trades", "2024-01-02"])).code).toBe(0);
  expect(await read()).toBe("2024-01-02");
  expect((await here.run(["state", "reset", "trades.ts"])).code).toBe(0);
  await here.run(["run", "trades.ts"]);
  expect([await read(), (await here.run(["show", "csv:kept"])).stdout]).toEqual([
    "2024-01-03",
    expect.stringContaining("csv:kept: 3 rows"),
  ]);
  expect(await here.run(["state", "set", "trades.ts", "trades", "2024-01-02"])).toMatchObject({ code: 4 });
  expect(await here.run(["state", "set", "trades.ts", "copy/trades", "soon"])).toMatchObject({
    code: 4,
    stderr: expect.stringContaining("Write 2024-03-31"),
  });
});

test("what was asked for wrongly is refused and named, before a run is begun where that can be known", async () => {
  await using here = await project({ ...files, "data/trades.csv": trades("2024-01-01") }, env);
  expect(await here.run(["run", "trades.ts", "--from", "2024-02-01", "--to", "2024-01-01"])).toMatchObject({
    code: 4,
    stderr: expect.stringContaining("The range from 2024-02-01 to 2024-01-01 is empty."),
  });
  expect(await here.run(["run", "prices.ts", "--from", "2024-02-01"])).toMatchObject({
    code: 4,
    stderr: expect.stringContaining("by incremental steps only"),
  });
  expect((await here.run(["runs", "trades.ts", "--json"])).stdout).toBe("[]\n");
  expect(await here.run(["run", "trades.ts", "--source", "trdaes"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('trades has no source "trdaes". Did you mean "trades"?'),
  });
  await mkdir(join(here.path, "pipelines"));
  await rename(join(here.path, "trades.ts"), join(here.path, "pipelines/trades.ts"));
  expect(await here.run(["runs", "trades"])).toMatchObject({ code: 0 });
  expect(await here.run(["run", "nix.ts"])).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("There is no file nix.ts."),
  });
});

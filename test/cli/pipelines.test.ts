import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { project } from "./project.ts";

const millrace = JSON.stringify(fileURLToPath(new URL("../../src/index.ts", import.meta.url)));
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
  "data/prices.csv": "id,close\n1,5\n2,50\n",
};

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
  expect(await here.run(mended, { MOST: "100" })).toMatchObject({ code: 0, stdout: "1 rows loaded, 0 left.\n" });
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

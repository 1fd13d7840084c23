import { expect, test } from "vitest";
import { project } from "./project.ts";

const prices = "id,price,note\n9007199254740993,2.5,a\n2,,\n3,4,c\n";

test("list prints each frame as storage:name, which show takes, and nothing else on stdout", async () => {
  await using here = await project({ "data/prices.csv": prices, "data/deep/x.tsv": "a\tb\n1\t2\n" });
  const listed = await here.run(["list", "csv"]);
  expect(listed).toEqual({ code: 0, stdout: "csv:deep/x.tsv\ncsv:prices.csv\n", stderr: "" });
  const shown = await here.run(["show", "csv:deep/x.tsv"]);
  expect(shown).toMatchObject({ code: 0, stderr: "" });
  expect(shown.stdout).toContain("csv:deep/x.tsv: 1 rows, 2 columns");
});

test("list --json is one JSON document, and an empty storage an empty list", async () => {
  await using here = await project({ "data/prices.csv": prices });
  expect(JSON.parse((await here.run(["list", "csv", "--json"])).stdout)).toEqual([
    { storage: "csv", name: "prices.csv" },
  ]);
  expect(await here.run(["list", "temp", "--json"])).toEqual({ code: 0, stdout: "[]\n", stderr: "" });
  expect(await here.run(["list", "temp"])).toEqual({ code: 0, stdout: "", stderr: "No frames in temp.\n" });
  expect(await here.run(["list", "temp", "--quiet"])).toEqual({ code: 0, stdout: "", stderr: "" });
});

test("show prints columns, types, nulls of all rows and the first rows", async () => {
  await using here = await project({ "data/prices.csv": prices });
  const { code, stdout } = await here.run(["show", "csv:prices", "--limit", "2"]);
  expect(code).toBe(0);
  const lines = stdout.split("\n");
  expect(lines[0]).toMatch(/^csv:prices: 3 rows, 3 columns, 47 B, changed 20/);
  expect(lines.slice(1)).toEqual([
    "",
    "column  type     nulls  values",
    "id      int64    0      2 █                  ▄ 9007199254740993",
    "price   float64  1      2.5 █                  █ 4",
    "note    string   1      a, c",
    "",
    "id                price  note",
    "9007199254740993  2.5    a",
    "2                 null   null",
    "",
  ]);
});

test("show --json gives values exactly", async () => {
  await using here = await project({ "data/prices.csv": prices });
  const shown = JSON.parse((await here.run(["show", "csv:prices", "--json", "--limit=1"])).stdout);
  expect(shown).toMatchObject({
    storage: "csv",
    name: "prices",
    rows: 3,
    bytes: 47,
    columns: [
      { name: "id", type: "int64", nulls: 0 },
      { name: "price", type: "float64", nulls: 1 },
      { name: "note", type: "string", nulls: 1 },
    ],
    firstRows: [{ id: "9007199254740993", price: 2.5, note: "a" }],
  });
});

test("columns named like a frame's own methods are shown as any other", async () => {
  await using here = await project({ "data/odd.csv": "height,columns,head,getColumns,lazy\n1,2,3,4,5\n" });
  const { code, stdout, stderr } = await here.run(["show", "csv:odd"]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(stdout).toMatch(/height +columns +head +getColumns +lazy\n1 +2 +3 +4 +5\n/);
});

test("control characters in the data do not reach the terminal", async () => {
  await using here = await project({ "data/odd.csv": "a\n\u001b[31mred\n" });
  const { stdout } = await here.run(["show", "csv:odd"]);
  expect(stdout).not.toContain("\u001b");
  expect(stdout).toContain("\\u001b[31mred");
});

test("the colours of a heading go with --no-color", async () => {
  await using here = await project({ "data/prices.csv": prices }, { FORCE_COLOR: "1" });
  expect((await here.run(["show", "csv:prices"])).stdout).toContain("\u001b[1m");
  expect((await here.run(["show", "csv:prices", "--no-color"])).stdout).not.toContain("\u001b");
});

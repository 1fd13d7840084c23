import { expect, test } from "vitest";
import { pl } from "../../../src/frame/polars.ts";
import { schemaOf } from "../../../src/frame/schema.ts";
import { withFiles } from "./files.ts";

const days = {
  "prices/b.csv": "id,price\n3,1.5\n",
  "prices/a.csv": "id,price\n1,1\n2,2\n",
  "prices/c.tsv": "price\tid\n7\t4\n",
  "prices/old/a.csv": "id,price\n9,9\n",
  "other.csv": "x\n1\n",
};

test("all files that match are one frame, in the order of their names, with columns by name", async () => {
  const { source } = await withFiles(days);
  const frame = await source.getData("prices/*", { glob: true, includeFile: true });
  expect(frame.columns).toEqual(["id", "price", "file"]);
  expect(frame.rows()).toEqual([
    [1, 1, "prices/a.csv"],
    [2, 2, "prices/a.csv"],
    [3, 1.5, "prices/b.csv"],
    [4, 7, "prices/c.tsv"],
  ]);
  expect(schemaOf(frame).fields.map(({ type }) => type)).toEqual(["int64", "float64", "string"]);
});

test.each([
  ["prices/*.csv", [1, 2, 3]],
  ["prices/[ab].csv", [1, 2, 3]],
  ["prices/[!a].csv", [3]],
  ["prices/?.{csv,tsv}", [1, 2, 3, 4]],
  ["prices/**/a.csv", [1, 2, 9]],
  ["prices/**", [1, 2, 3, 4, 9]],
  ["prices/a.csv", [1, 2]],
])("the pattern %s finds its files", async (pattern, ids) => {
  const { source } = await withFiles(days);
  const frame = await source.getData(pattern, { glob: true });
  expect(frame.getColumn("id").toArray()).toEqual(ids);
});

test("batches, limits and columns go over all files", async () => {
  const { source } = await withFiles(days);
  const options = { glob: true, includeFile: "from", columns: ["from", "id"] };
  const batches = await Array.fromAsync(source.getBatches("prices/*.csv", { ...options, batchRows: 1, limit: 3 }));
  expect(batches.flatMap((batch) => batch.rows())).toEqual([
    ["prices/a.csv", 1],
    ["prices/a.csv", 2],
    ["prices/b.csv", 3],
  ]);
  expect((await source.getData("prices/*.csv", { ...options, limit: 1 })).rows()).toEqual([["prices/a.csv", 1]]);
});

test("types are the narrowest that hold the values of every file", async () => {
  const { source, saver } = await withFiles({
    "a.csv": "n,z,t,e\n1,1,2024-01-01T00:00:00.001,\n",
    "b.csv": "n,z,t,e\n9007199254740993,01,2024-01-01T00:00:00.000001,\n",
    "c.csv": "n,z,t,e\n,,,x\n",
  });
  const types = async (pattern: string) =>
    schemaOf(await source.getData(pattern, { glob: true })).fields.map(({ type }) => type);
  expect(await types("[abc].csv")).toEqual(["int64", "string", "datetime[us]", "string"]);
  await saver.saveData(pl.DataFrame([pl.Series("n", [1], pl.Int16), pl.Series("v", [1.5], pl.Float32)]), "k1");
  await saver.saveData(pl.DataFrame([pl.Series("n", [2], pl.Int8), pl.Series("v", ["007"])]), "k2");
  expect(await types("k*.csv")).toEqual(["int16", "string"]);
  expect((await source.getData("k*.csv", { glob: true })).rows()).toEqual([
    [1, "1.5"],
    [2, "007"],
  ]);
});

test("decimals in one file and long whole numbers in another are text, to the last digit", async () => {
  const { source } = await withFiles({ "a.csv": "n\n0.5\n", "b.csv": "n\n9007199254740993\n" });
  expect((await source.getData("*.csv", { glob: true })).rows()).toEqual([["0.5"], ["9007199254740993"]]);
});

test("options and a schema hold for every file", async () => {
  const { source } = await withFiles({ "a.csv": "# a\n1;x\n", "b.csv": "2;y\n" });
  const schema = { fields: [{ name: "n", type: "int8", nullable: false }] };
  const frame = await source.getData("*.csv", { glob: true, header: ["n", "s"], comment: "#", separator: ";", schema });
  expect(frame.rows()).toEqual([
    [1, "x"],
    [2, "y"],
  ]);
  expect(schemaOf(frame).fields[0]?.type).toBe("int8");
});

test("files with other columns are refused, by name", async () => {
  const { source } = await withFiles({ "a.csv": "x,y\n1,2\n", "b.csv": "x\n1\n", "c.csv": "x,y,z\n1,2,3\n" });
  await expect(source.getData("[ab].csv", { glob: true })).rejects.toThrow(/b\.csv lacks the column "y"/);
  await expect(source.getData("[ac].csv", { glob: true })).rejects.toThrow(/c\.csv has the column "z"/);
  await expect(source.getData("[ab].csv", { glob: true })).rejects.toMatchObject({ name: "SchemaError" });
});

test("a pattern without files, and a column for files that is taken, are refused", async () => {
  const { source } = await withFiles({ "a.csv": "file\n1\n" });
  await expect(source.getData("b*.csv", { glob: true })).rejects.toMatchObject({ name: "NotFoundError" });
  await expect(source.getData("../*", { glob: true })).rejects.toMatchObject({ name: "NotFoundError" });
  const taken = source.getData("a*.csv", { glob: true, includeFile: true });
  await expect(taken).rejects.toThrow(/column "file" of their own/);
});

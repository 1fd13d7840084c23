import { gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { schemaOf } from "../../../src/frame/schema.ts";
import type { CsvReadOptions } from "../../../src/storages/csv/index.ts";
import { readBothWays, withFiles } from "./files.ts";

const plain = "id,name\n1,é\n2,x\n3,\n";
const rows = [
  [1, "é"],
  [2, "x"],
  [3, null],
];
const bigEndian = (text: string) => Buffer.from(text, "utf16le").swap16();

test.each<[string, string | Buffer, CsvReadOptions, string?]>([
  ["UTF-8 with a byte order mark", `\ufeff${plain}`, {}],
  ["UTF-16 with a byte order mark", Buffer.from(`\ufeff${plain}`, "utf16le"), {}],
  ["big-endian UTF-16 with a byte order mark", bigEndian(`\ufeff${plain}`), {}],
  ["UTF-16 without a mark, given", Buffer.from(plain, "utf16le"), { encoding: "utf-16le" }],
  ["big-endian UTF-16 without a mark, given", bigEndian(plain), { encoding: "utf-16be" }],
  ["Latin-1, given", Buffer.from(plain, "latin1"), { encoding: "latin1" }],
  ["Windows-1252, given", Buffer.from(plain, "latin1"), { encoding: "windows-1252" }],
  ["UTF-16 in gzip", gzipSync(Buffer.from(`\ufeff${plain}`, "utf16le")), {}, "x.csv.gz"],
  ["zstd", zstdCompressSync(plain), {}, "x.csv.zst"],
  ["CRLF", plain.replaceAll("\n", "\r\n"), {}],
  ["LF and CRLF mixed", plain.replace("\n", "\r\n"), {}],
  ["lone carriage returns", plain.replaceAll("\n", "\r"), {}],
  ["a separator that is found", plain.replaceAll(",", ";"), {}],
  ["a separator that is given", plain.replaceAll(",", "^"), { separator: "^" }],
  ["the separator that a first line for Excel says", `sep=^\r\n${plain.replaceAll(",", "^")}`, {}],
  ["that line and an option that says the same", `sep=;\n${plain.replaceAll(",", ";")}`, { separator: ";" }],
  ["tabs in .tsv", plain.replaceAll(",", "\t"), {}, "x.tsv"],
  ["single quotes", plain.replace("x", "'x'"), { quote: "'" }],
  ["comments, in front, between and behind", `# a,b\n${plain.replace("2,", "#,,\n2,")}# "end`, { comment: "#" }],
  ["comments that begin with a word", `//1\n${plain}`, { comment: "//" }],
  ["names instead of a header", plain.slice(8), { header: ["id", "name"] }],
])("%s: all is read, as a whole and in batches", async (_, content, options, name) => {
  const read = await readBothWays(content, options, name);
  expect(read.columns).toEqual(["id", "name"]);
  expect(read.rows).toEqual(rows);
});

test("the signs that Latin-1 and Windows-1252 differ in are each its own", async () => {
  const bytes = Buffer.from([0x61, 0x0a, 0x80, 0xe9, 0x0a]);
  expect((await readBothWays(bytes, { encoding: "windows-1252" })).rows).toEqual([["€é"]]);
  expect((await readBothWays(bytes, { encoding: "latin1" })).rows).toEqual([["\u0080é"]]);
});

test("without a header columns are numbered from 1", async () => {
  const read = await readBothWays("1,x\n2,y\n", { header: false });
  expect(read.columns).toEqual(["column_1", "column_2"]);
  expect(read.rows).toEqual([
    [1, "x"],
    [2, "y"],
  ]);
});

test("quotes that mean nothing stay, when that is said", async () => {
  const read = await readBothWays('a,b\n5" pipe,"x\n"y","\n', { quote: null });
  expect(read.rows).toEqual([
    ['5" pipe', '"x'],
    ['"y"', '"'],
  ]);
});

test("a double quote is a sign like any other where another one quotes", async () => {
  const read = await readBothWays("a,b\n'it''s, \"so\"',\"x\n", { quote: "'" });
  expect(read.rows).toEqual([['it\'s, "so"', '"x']]);
});

test("a quoted line that begins like a comment is none", async () => {
  const read = await readBothWays('a,b\n"#1",2\n#3,4\n', { comment: "#" });
  expect(read.rows).toEqual([["#1", 2]]);
});

test("a name that stands twice is numbered, without meeting another", async () => {
  const read = await readBothWays("x,y,x,x_2,x,\n1,2,3,4,5,6\n", { onDuplicateColumns: "rename" });
  expect(read.columns).toEqual(["x", "y", "x_3", "x_2", "x_4", ""]);
  expect(read.rows).toEqual([[1, 2, 3, 4, 5, 6]]);
});

test("short rows end in nulls, and long ones lose only empty fields", async () => {
  const read = await readBothWays('a,b,c\n1\n2,x,\n3,y,z,,""\n4,"q,"\n', { raggedRows: "null" });
  expect(read.rows).toEqual([
    [1, null, null],
    [2, "x", null],
    [3, "y", "z"],
    [4, "q,", null],
  ]);
  const { source } = await withFiles({ "x.csv": "a,b\n1,2\n3,4,5\n" });
  const lost = source.getData("x", { raggedRows: "null" });
  await expect(lost).rejects.toMatchObject({ name: "CorruptDataError" });
  await expect(lost).rejects.toThrow(/line 3 has 3 fields/);
});

test("ragged rows are dropped, and the log says how many and where", async () => {
  const { source, lines } = await withFiles({ "x.csv": `a,b\n1,2\n3\n"\n",4\n5,6,7\n8,9\n${"x\n".repeat(6)}` });
  expect((await source.getData("x", { raggedRows: "drop" })).rows()).toEqual([
    ["1", 2],
    ["\n", 4],
    ["8", 9],
  ]);
  expect(lines.join("\n")).toMatch(/8 ragged rows of x\.csv were dropped \(line 3, 6, 8, 9, 10 …\)/);
});

test("decimal commas make floats when that is said", async () => {
  const german = 'n;m;t\n1,5;"2,25";1,5\n-0,125;3;1.5\n;;x\n';
  const read = await readBothWays(german, { decimal: "," });
  expect(read.rows).toEqual([
    [1.5, 2.25, "1,5"],
    [-0.125, 3, "1.5"],
    [null, null, "x"],
  ]);
  expect((await readBothWays(german)).rows[0]).toEqual(["1,5", "2,25", "1,5"]);
});

test("a declared float with a decimal comma is read, and one with a point refused", async () => {
  const schema = { fields: [{ name: "n", type: "float64", nullable: true }] };
  const good = await readBothWays("n;x\n1,5;a\n2;b\n", { decimal: ",", schema });
  expect(good.rows.map(([n]) => n)).toEqual([1.5, 2]);
  const { source } = await withFiles({ "x.csv": "n;x\n1,5;a\n2.5;b\n" });
  await expect(source.getData("x", { decimal: ",", schema })).rejects.toThrow(/Row 2 .*"2\.5" in column "n"/);
});

test("points that part thousands leave a column text", async () => {
  expect((await readBothWays("n;x\n1.234,5;a\n", { decimal: "," })).rows).toEqual([["1.234,5", "a"]]);
});

test.each<[CsvReadOptions]>([
  [{ separator: "" }],
  [{ separator: ", " }],
  [{ separator: "\n" }],
  [{ separator: "5" }],
  [{ separator: "é" }],
  [{ separator: "'", quote: "'" }],
  [{ quote: "" }],
  [{ encoding: "utf8" as "utf-8" }],
  [{ comment: "" }],
  [{ comment: "#\n" }],
  [{ header: [] }],
  [{ header: ["a", "a"] }],
  [{ onDuplicateColumns: "keep" as "error" }],
  [{ raggedRows: true as unknown as "null" }],
  [{ decimal: ";" as "," }],
  [{ glob: "yes" as unknown as true }],
  [{ includeFile: true }],
])("the wrong option %j is refused", async (options) => {
  const { source } = await withFiles({ "x.csv": "a\n1\n" });
  await expect(source.getData("x", options)).rejects.toMatchObject({ name: "ConfigError", storage: "csv" });
  await expect(source.getBatches("x", options).next()).rejects.toMatchObject({ name: "ConfigError" });
});

test("a list of names has to fit the rows", async () => {
  const { source } = await withFiles({ "x.csv": "1,2\n" });
  const read = source.getData("x", { header: ["a"] });
  await expect(read).rejects.toMatchObject({ name: "ConfigError" });
  await expect(read).rejects.toThrow(/header names 1 columns, and the first row of x\.csv has 2 fields/);
});

test.each<[CsvReadOptions]>([
  [{ separator: ";" }],
  [{ quote: null }],
  [{ encoding: "latin1" }],
  [{ comment: "#" }],
  [{ header: false }],
  [{ decimal: "," }],
])("a file that millrace wrote is not read otherwise, as %j asks", async (options) => {
  const { source, saver } = await withFiles({ "y.csv": "a\n1\n" });
  await saver.saveData(await source.getData("y"), "x");
  const read = source.getData("x", options);
  await expect(read).rejects.toMatchObject({ name: "ConfigError" });
  await expect(read).rejects.toThrow(Object.keys(options)[0]);
});

test("an option that says how millrace wrote a file changes nothing", async () => {
  const { source, saver } = await withFiles({ "y.csv": "a\n1\n" });
  await saver.saveData(await source.getData("y"), "x");
  const options: CsvReadOptions = { separator: ",", quote: '"', encoding: "utf-8", header: true, raggedRows: "drop" };
  expect((await source.getData("x", options)).rows()).toEqual([[1]]);
});

test.each([
  [Buffer.from("a\ncaf\xe9\n", "latin1"), {}, /windows-1252/],
  [Buffer.from("a,b\n1,2\n", "utf16le"), {}, /utf-16le/],
  [bigEndian("a,b\n1,2\n"), {}, /utf-16be/],
  [Buffer.from("\ufeffa\n", "utf16le"), { encoding: "utf-8" } as const, /Leave the option `encoding` out/],
  [
    Buffer.from([0x61, 0x00, 0x0a, 0x00, 0x00, 0xd8, 0x0a, 0x00]),
    { encoding: "utf-16le" } as const,
    /encoding that it has/,
  ],
  ['a,b\n1,"2\n', {}, /quote: null/],
  ["a,b\n1\n", {}, /raggedRows/],
])("a file that can't be read tells the option that may help (%#)", async (content, options, hint) => {
  const { source } = await withFiles({ "x.csv": content });
  const read = source.getData("x", options);
  await expect(read).rejects.toMatchObject({ name: "CorruptDataError", hint: expect.stringMatching(hint) });
});

test("a file that only says it is gzip is told as that", async () => {
  const { source } = await withFiles({ "x.csv.gz": "a\n1\n" });
  await expect(source.getData("x.csv.gz")).rejects.toMatchObject({ hint: expect.stringMatching(/isn't packed/) });
});

test("types that show only far down are the same as a whole, in batches and in a description", async () => {
  const rows = 150_000;
  const lines = Array.from({ length: rows }, (_, i) => {
    const late = i === rows - 1;
    return `${i},${late ? "0.5" : i},${late ? "x" : ""},2024-01-01T00:00:00${late ? ".123" : ""},${late ? "01" : "1"}`;
  });
  const { source } = await withFiles({ "x.csv": `i,f,s,t,z\n${lines.join("\n")}\n` });
  const frame = await source.getData("x");
  const types = schemaOf(frame).fields.map(({ type }) => type);
  expect(types).toEqual(["int64", "float64", "string", "datetime[ms]", "string"]);
  expect(frame.height).toBe(rows);
  expect((await source.describe("x")).schema.fields.map(({ type }) => type)).toEqual(types);
  expect(schemaOf(await source.getData("x", { limit: 1 })).fields.map(({ type }) => type)).toEqual(types);
  for await (const batch of source.getBatches("x", { batchRows: rows })) {
    expect(schemaOf(batch).fields.map(({ type }) => type)).toEqual(types);
  }
});

test("minutes before 1970 and after 2286, which have no room for their ticks, are exact", async () => {
  const text = "t\n1969-12-31 23:59\n2300-01-01 00:00\n0001-01-01T00:00\n9999-12-31T23:59\n";
  const { source } = await withFiles({ "x.csv": text });
  const frame = await source.getData("x");
  expect(schemaOf(frame).fields[0]?.type).toBe("datetime[us]");
  expect(
    frame
      .getColumn("t")
      .cast((await import("../../../src/frame/polars.ts")).pl.Int64)
      .toArray()
      .map(Number),
  ).toEqual([-60_000_000, 10_413_792_000_000_000, -62_135_596_800_000_000, 253_402_300_740_000_000]);
});

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { pl } from "../../../src/frame/polars.ts";
import { schemaOf } from "../../../src/frame/schema.ts";
import { CsvStorage } from "../../../src/storages/csv/index.ts";
import { formatOf } from "../../../src/storages/csv/names.ts";
import { unpacked } from "../../../src/storages/csv/unpack.ts";
import { freshContext } from "../place.ts";

/** A storage in whose folder another program has put a file. */
async function withFile(content: string | Buffer, name = "x.csv") {
  const context = await freshContext();
  const path = join(context.config.FS_DATA, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  const storage = new CsvStorage(context);
  return { context, path, source: storage.source(), saver: storage.saver() };
}

/** The one column of a file, as its type and the text of its values. */
async function columnOf(content: string) {
  const { source } = await withFile(content);
  const frame = await source.getData("x");
  const [field] = schemaOf(frame).fields;
  const texts = frame.select(
    pl
      .col(frame.columns[0] as string)
      .cast(pl.String)
      .alias("x"),
  );
  return { type: field?.type, values: texts.getColumn("x").toArray() };
}

test.each([
  ["whole numbers are int64", "a\n1\n-2\n\n0\n", "int64", ["1", "-2", null, "0"]],
  [
    "the widest of 64 bits are exact",
    "a\n9223372036854775807\n-9223372036854775808\n",
    "int64",
    ["9223372036854775807", "-9223372036854775808"],
  ],
  ["leading zeros stay text", "a\n1234\n01234\n", "string", ["1234", "01234"]],
  ["leading plus signs stay text", "a\n+1\n2\n", "string", ["+1", "2"]],
  ["too many digits stay text", "a\n1\n12345678901234567890\n", "string", ["1", "12345678901234567890"]],
  ["decimals are float64", "a\n1.5\n2\n-0\n1e3\nNaN\ninf\n", "float64", ["1.5", "2.0", "-0.0", "1000.0", "NaN", "inf"]],
  ["17 digits that a float holds are one", "a\n0.30000000000000004\n", "float64", ["0.30000000000000004"]],
  [
    "digits that no float holds stay text",
    "a\n0.1\n0.12345678901234567890\n",
    "string",
    ["0.1", "0.12345678901234567890"],
  ],
  [
    "whole numbers over 2^53 beside decimals stay text",
    "a\n0.5\n9007199254740993\n",
    "string",
    ["0.5", "9007199254740993"],
  ],
  ["numbers too large for a float stay text", "a\n1e400\n", "string", ["1e400"]],
  ["words for nothing stay text", "a\n1\nNA\n", "string", ["1", "NA"]],
  ["only words that floats have are text", "a\nNaN\ninf\n", "string", ["NaN", "inf"]],
  ["truth values are boolean", "a\ntrue\nfalse\n", "boolean", ["true", "false"]],
  ["blanks around a number stay", "a\n 1\n2 \n", "string", [" 1", "2 "]],
  ["dates are found", "a\n2024-02-29\n1969-12-31\n", "date", ["2024-02-29", "1969-12-31"]],
  ["a day that never was stays text", "a\n2024-02-29\n2023-02-29\n", "string", ["2024-02-29", "2023-02-29"]],
  [
    "times have the digits they need",
    "a\n2024-01-01T10:00:00.123456789\n2024-01-01 10:00\n",
    "datetime[ns]",
    ["2024-01-01 10:00:00.123456789", "2024-01-01 10:00:00.000000000"],
  ],
  ["times before 1970 are exact", "a\n1969-12-31 23:59:59.999999\n", "datetime[us]", ["1969-12-31 23:59:59.999999"]],
  [
    "offsets make instants",
    "a\n2024-01-01T10:00:00.5+02:00\n2024-01-01T08:00:00.500Z\n2024-01-01T00:00:00-0930\n",
    "datetime[ms, UTC]",
    undefined,
  ],
  [
    "times with and without offset stay text",
    "a\n2024-01-01T10:00:00Z\n2024-01-01T10:00:00\n",
    "string",
    ["2024-01-01T10:00:00Z", "2024-01-01T10:00:00"],
  ],
  [
    "nanoseconds beyond 2262 stay text",
    "a\n2300-01-01T00:00:00.000000001\n",
    "string",
    ["2300-01-01T00:00:00.000000001"],
  ],
  ["a column of nothing is text", "a\n\n\n", "string", [null, null]],
])("%s", async (_, content, type, values) => {
  const found = await columnOf(content);
  expect(found.type).toBe(type);
  if (values) expect(found.values).toEqual(values);
});

test("offsets are taken off", async () => {
  const { source } = await withFile("t\n2024-01-01T10:00:00.5+02:00\n2024-01-01T00:00:00-0930\n");
  const ticks = (await source.getData("x")).select(pl.col("t").cast(pl.Int64).cast(pl.String));
  expect(ticks.getColumn("t").toArray()).toEqual(["1704096000500", "1704101400000"]);
});

test("a value far down that is no number makes the column text, whole", async () => {
  const lines = Array.from({ length: 30_000 }, (_, i) => (i === 20_000 ? "abc" : String(i)));
  const { type, values } = await columnOf(`id\n${lines.join("\n")}\n`);
  expect(type).toBe("string");
  expect(values).toEqual(lines);
});

test.each([
  ["a short row", "a,b\n1,2\n3\n", /line 3 has 1 field where the header has 2/],
  ["a long row", "a,b\n1,2\n3,4,5\n", /line 3 has 3 fields/],
  ["a long row after a value of several lines", 'a,b\n"1\n\n",2\n3,4,5\n', /line 5 has 3 fields/],
  ["a quote that is never closed", 'a,b\n1,"2\n3,4\n', /line 2 has a quote that is never closed/],
  ["a quote in the middle", 'a,b\n1,5" pipe\n', /line 2 has a quote/],
  ["text after a quote", 'a,b\n1,"x"y\n', /line 2 has text after the quote/],
  ["lone carriage returns beside line feeds", "a,b\n1,2\r3,4\n", /line 2 has a carriage return/],
  ["line feeds beside lone carriage returns", `a,b\r${"1,2\r".repeat(300_000)}3,4\n`, /line 300002 has a line feed/],
  ["a NUL byte", "a,b\n1,\0\n", /NUL/],
  ["UTF-16 without a mark", Buffer.from("a,b\n1,2\n", "utf16le"), /UTF-16/],
  ["Latin-1", Buffer.from("a,b\ncaf\xe9,2\n", "latin1"), /not UTF-8/],
  ["a cut character at the end", Buffer.from([0x61, 0x0a, 0xc3]), /not UTF-8/],
  ["nothing", "", /is empty/],
  ["only blank lines", "\n\n", /is empty/],
])("a file with %s is refused with a sentence", async (_, content, message) => {
  const { source } = await withFile(content);
  const read = source.getData("x");
  await expect(read).rejects.toMatchObject({ name: "CorruptDataError", storage: "csv", frame: "x.csv" });
  await expect(read).rejects.toThrow(message);
});

test("a header with a column twice is refused", async () => {
  const { source } = await withFile("a,b,a\n1,2,3\n");
  await expect(source.getData("x")).rejects.toThrow(/"a" twice/);
  await expect(source.getData("x")).rejects.toMatchObject({ name: "SchemaError" });
});

test("a byte order mark, CRLF, blank lines and a missing last line end are no data", async () => {
  const { source } = await withFile('\ufeffid,"na ""me"\r\n\r\n1,"x\r\ny"\r\n\r\n2,z\r\n\r\n3,');
  const frame = await source.getData("x");
  expect(frame.columns).toEqual(["id", 'na "me']);
  expect(frame.rows()).toEqual([
    [1, "x\r\ny"],
    [2, "z"],
    [3, null],
  ]);
});

test.each([";", "|", "\t"])("the separator %j is found in the header", async (separator) => {
  const { source } = await withFile(`a${separator}b\n1${separator}x,y\n`);
  expect((await source.getData("x")).rows()).toEqual([[1, "x,y"]]);
});

test("a header that merely holds another separator stays one column", async () => {
  const { source } = await withFile("a;b\nx\ny\n");
  expect((await source.getData("x")).columns).toEqual(["a;b"]);
});

test("gzip and zstd files of other programs are read", async () => {
  const text = "a,b\n1,x\n";
  const packed = await withFile(gzipSync(text), "x.csv.gz");
  expect((await packed.source.getData("x.csv.gz")).rows()).toEqual([[1, "x"]]);
  const zstd = await withFile(zstdCompressSync(text), "x.csv.zst");
  expect((await zstd.source.getData("x.csv.zst")).rows()).toEqual([[1, "x"]]);
});

test("a gzip file that is cut short, or none, is refused", async () => {
  const cut = await withFile(gzipSync("a,b\n1,x\n".repeat(1_000)).subarray(0, 40), "x.csv.gz");
  await expect(cut.source.getData("x.csv.gz")).rejects.toMatchObject({ name: "CorruptDataError" });
  const none = await withFile("a,b\n1,x\n", "x.csv.gz");
  await expect(none.source.getData("x.csv.gz")).rejects.toMatchObject({ name: "CorruptDataError" });
});

test("a file that unpacks to more than is allowed is refused", async () => {
  const { path } = await withFile(gzipSync(Buffer.alloc(1_000_000, "x")), "x.csv.gz");
  const format = formatOf("x.csv.gz");
  if (!format) throw new Error("no format");
  const all = Array.fromAsync(unpacked({ path, frame: "x.csv.gz", format }, 500_000));
  await expect(all).rejects.toMatchObject({ name: "CorruptDataError" });
  await expect(all).rejects.toThrow(/unpacks to more than 500000/);
});

test("a declared schema wins over what the values look like", async () => {
  const { source } = await withFile("id,n\n1,007\n2,\n");
  const schema = {
    fields: [
      { name: "n", type: "string", nullable: true },
      { name: "id", type: "float32", nullable: false },
    ],
  };
  const frame = await source.getData("x", { schema });
  expect(schemaOf(frame).fields.map(({ name, type }) => [name, type])).toEqual([
    ["id", "float32"],
    ["n", "string"],
  ]);
  expect(frame.rows()).toEqual([
    [1, "007"],
    [2, null],
  ]);
});

test.each([
  ["int64", "x"],
  ["int8", "128"],
  ["float64", "1e400"],
  ["boolean", "yes"],
  ["date", "2023-02-29"],
  ["datetime[ms]", "2024-01-01T00:00:00.0001"],
  ["datetime[us]", "2024-01-01T00:00:00Z"],
  ["datetime[us, UTC]", "2024-01-01T00:00:00"],
])("a value that is no %s is refused with its row, column and text", async (type, value) => {
  const { source } = await withFile(`id,v\n1,\n2,${value}\n`);
  const schema = { fields: [{ name: "v", type, nullable: true }] };
  const read = source.getData("x", { schema });
  await expect(read).rejects.toMatchObject({ name: "SchemaError", storage: "csv" });
  await expect(read).rejects.toThrow(`Row 2 of x.csv has ${JSON.stringify(value)} in column "v"`);
});

test("a null in a column that is declared without is refused", async () => {
  const { source } = await withFile("id,v\n1,2\n2,\n");
  const schema = { fields: [{ name: "v", type: "int64", nullable: false }] };
  await expect(source.getData("x", { schema })).rejects.toThrow(/Row 2 .*"v"/);
});

test("a declared column that the file lacks is refused", async () => {
  const { source } = await withFile("id\n1\n");
  const schema = { fields: [{ name: "idd", type: "int64", nullable: true }] };
  await expect(source.getData("x", { schema })).rejects.toMatchObject({ name: "SchemaError" });
});

test("a file that is not there is told from a text, with the nearest name", async () => {
  const { source } = await withFile("a\n1\n", "prices.csv");
  await expect(source.getData("price")).rejects.toMatchObject({ name: "NotFoundError", code: "FRAME_NOT_FOUND" });
  await expect(source.getData("price")).rejects.toThrow(/Did you mean "prices.csv"/);
});

test("a name with signs of a pattern reads only its own file", async () => {
  const { source } = await withFile("a\n1\n", "x[1].csv");
  expect((await source.getData("x[1]")).rows()).toEqual([[1]]);
});

/** Times too short for the number of their nanoseconds, in more rows than a sample has, and what comes behind them. */
const shortTimes = (last: string) =>
  `t,f\n2024-01-01T00:00:00.000000001,\n${`2024-01-01T00:00,${"f".repeat(400)}\n`.repeat(8_000)}${last},\n`;

test.each([
  ['""', "string", ""],
  ["x", "string", "x"],
  ["2024-01-01T00:00Z", "string", "2024-01-01T00:00Z"],
  ["2300-01-01T00:00", "string", "2300-01-01T00:00"],
  ["", "datetime[ns]", null],
])("behind a sample of short times, %s makes the type that holds all values", async (last, type, value) => {
  const { source } = await withFile(shortTimes(last));
  const frame = await source.getData("x");
  const [batch] = await Array.fromAsync(source.getBatches("x", { batchRows: 10_000 }));
  for (const each of [frame, batch as typeof frame]) {
    expect(schemaOf(each).fields[0]?.type).toBe(type);
    expect(each.height).toBe(8_002);
    expect(each.row(8_001)[0]).toBe(value);
  }
});

test("behind a sample of long whole numbers, one with a fraction makes the column text", async () => {
  const { source } = await withFile(`n,f\n${`9007199254740993,${"f".repeat(400)}\n`.repeat(8_000)}1.5,\n`);
  const column = (await source.getData("x")).getColumn("n").toArray();
  expect([column[0], column.at(-1)]).toEqual(["9007199254740993", "1.5"]);
});

import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { pl } from "../../../src/frame/polars.ts";
import { readBothWays, withFiles } from "./files.ts";

const declared = (type: string) => ({ fields: [{ name: "v", type, nullable: true }] });

test.each<[string, string[]]>([
  [
    "date",
    [
      "2024-02-03T15:30:00",
      "2024-02-03 foo",
      "2024-02-031",
      "10000-01-01",
      "+2024-02-03",
      "-2024-02-03",
      "2024-2-3",
      " 2024-02-03",
      "2024-02-03 ",
      "20240203",
      "2023-02-29",
      "٢٠٢٤-٠٢-٠٣",
    ],
  ],
  [
    "datetime[us]",
    ["2024-01-01", "2024-01-01T10:00:٣٣", "2024-01-01T10:00:00 foo", "+2024-01-01T10:00", "2024-1-1T10:00"],
  ],
  ["datetime[us, UTC]", ["2024-01-01T10:00:00+٠١:00", "2024-01-01T10:00:00ZZ", "2024-01-01T10:00:00+24:00"]],
  ["boolean", ["TRUE", "True", "1", "yes", " true", "true "]],
  ["int64", [" 1", "1 ", "1_000", "0x10", "1.0", "1e3", "9223372036854775808", "+-1", "１"]],
  ["uint8", ["-1", "256"]],
])("a declared %s takes no text that is only like one", async (type, texts) => {
  const files = texts.map((text, i) => [`${i}.csv`, `id,v\n1,\n2,"${text}"\n`]);
  const { source } = await withFiles(Object.fromEntries(files));
  for (const [i, text] of texts.entries()) {
    const read = source.getData(`${i}`, { schema: declared(type) });
    await expect(read, text).rejects.toMatchObject({ name: "SchemaError" });
    await expect(read).rejects.toThrow(`Row 2 of ${i}.csv has ${JSON.stringify(text)} in column "v"`);
  }
});

test("a date column that another program has edited is a date no longer when a value only begins like one", async () => {
  const { context, source, saver } = await withFiles({});
  await saver.saveData(pl.DataFrame([pl.Series("d", [new Date(0)], pl.Date)]), "x");
  await writeFile(`${context.config.FS_DATA}/x.csv`, "d\n2024-02-03T15:30:00\n");
  expect((await source.getData("x")).getColumn("d").dtype.toString()).toContain("Datetime");
});

test("a declared whole number may have a plus sign or zeros in front", async () => {
  const read = await readBothWays("v\n+1\n007\n-05\n", { schema: declared("int16") });
  expect(read.rows).toEqual([[1], [7], [-5]]);
});

test.each([
  ["float64", "1e-400"],
  ["float64", "-0.5e-324000"],
  ["float32", "1e-50"],
  ["float32", "-1e-46"],
  ["float32", "1e39"],
])("a declared %s refuses %s, which would become nothing or infinite", async (type, text) => {
  const { source } = await withFiles({ "x.csv": `v\n1\n${text}\n` });
  const read = source.getData("x", { schema: declared(type) });
  await expect(read).rejects.toMatchObject({ name: "SchemaError" });
  await expect(read).rejects.toThrow(`Row 2 of x.csv has "${text}"`);
});

test("a declared float takes zeros in any form, and the nearest value of more digits than it has", async () => {
  const read = await readBothWays("v\n0e5\n-0.000\n0.1234567890123456789\n9007199254740993\n5e-324\n", {
    schema: declared("float64"),
  });
  expect(read.rows.flat()).toEqual([0, -0, 0.12345678901234568, 9007199254740992, 5e-324]);
});

test.each([
  ["float64", "1.5", ",", /Leave `decimal: ","` out/],
  ["decimal(9,2)", "1.5", ",", /Leave `decimal: ","` out/],
  ["decimal(9,2)", "1.234,5", ",", /declare the column as string/],
  ["float64", "1,5", ".", /give `decimal: ","`/],
  ["float32", "-1.234,5", ".", /give `decimal: ","`/],
  ["decimal(9,2)", "1,5", ".", /give `decimal: ","`/],
  ["datetime[ms, UTC]", "2024-01-01T10:00:00", ".", /Declare the column as datetime\[ms\]/],
  ["datetime[ms]", "2024-01-01T10:00:00+01:00", ".", /Declare the column as datetime\[ms, UTC\]/],
] as const)(
  "a value that is no %s, %s, is told as the file has it, with what may help",
  async (type, text, decimal, hint) => {
    const { source } = await withFiles({ "x.csv": `id;v\n1;\n2;${text}\n` });
    const read = source.getData("x", { schema: declared(type), decimal });
    await expect(read).rejects.toMatchObject({ name: "SchemaError", hint: expect.stringMatching(hint) });
    await expect(read).rejects.toThrow(`Row 2 of x.csv has "${text}" in column "v"`);
  },
);

test("a time without an offset in a column with a zone is told as that", async () => {
  const { source } = await withFiles({ "x.csv": "v\n2024-01-01T10:00\n" });
  const read = source.getData("x", { schema: declared("datetime[us, Europe/Berlin]") });
  await expect(read).rejects.toThrow(/no datetime\[us, Europe\/Berlin\]: it has no offset from UTC/);
});

test("what has no option is read as text and converted in polars, as the document shows", async () => {
  const { source } = await withFiles({ "ledger.csv": "date;amount;paid\n29.02.2024;1.234,5;yes\n01.03.2024;NA;no\n" });
  const fields = ["date", "amount", "paid"].map((name) => ({ name, type: "string", nullable: true }));
  const raw = await source.getData("ledger", { separator: ";", schema: { fields } });
  const amount = pl
    .when(pl.col("amount").eq(pl.lit("NA")))
    .then(pl.lit(null))
    .otherwise(pl.col("amount"));
  const ledger = raw.withColumns(
    pl.col("date").str.strptime(pl.Date, "%d.%m.%Y"),
    amount.str.replaceAll("[.]", "").str.replace(",", ".").cast(pl.Float64, true).alias("amount"),
    pl.col("paid").eq(pl.lit("yes")).alias("paid"),
  );
  expect(ledger.rows()).toEqual([
    [new Date("2024-02-29"), 1234.5, true],
    [new Date("2024-03-01"), null, false],
  ]);
});

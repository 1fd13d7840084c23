import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { columnsOf } from "../../../src/frame/access.ts";
import type { CsvReadOptions } from "../../../src/storages/csv/index.ts";
import { withFiles } from "./files.ts";
import type { SuiteCase } from "./suites/case.ts";
import { csvTestData } from "./suites/csv-test-data.ts";
import { papaparse } from "./suites/papaparse.ts";

/** All records of a file as texts, the header too where there is one. */
async function textsOf(content: string | Buffer, options: CsvReadOptions = {}): Promise<string[][]> {
  const { source } = await withFiles({ "x.csv": content });
  const read = { header: false, ...options };
  const names = columnsOf(await source.getData("x", read));
  const schema = { fields: names.map((name) => ({ name, type: "string", nullable: true })) };
  const rows = (await source.getData("x", { ...read, schema })).rows();
  const texts = rows.map((row) => row.map((value: unknown) => String(value ?? "")));
  return read.header === true ? [names, ...texts] : texts;
}

async function check({ input, options, rows, instead }: SuiteCase): Promise<void> {
  const texts = textsOf(input, options);
  if (instead && "refused" in instead) await expect(texts).rejects.toThrow(instead.refused);
  else expect(await texts).toEqual(instead?.rows ?? rows);
}

test.each(papaparse)("PapaParse: $what", check);

test.each(csvTestData)("csv-test-data: $what", check);

/** From the npm package: the repository's own copy has lost its CRLF. */
const spectrum = dirname(fileURLToPath(import.meta.resolve("csv-spectrum")));
const names = readdirSync(join(spectrum, "csvs")).map((file) => file.slice(0, -".csv".length));

/** The files that need an option, and why. */
const spectrumOptions: Record<string, CsvReadOptions> = {
  // A value has a quote in its middle (37°36'37.8"N), and the file quotes nothing.
  location_coordinates: { quote: null },
};

/** Values that differ between the suite's own CSV and JSON. */
const spectrumMistakes: Record<string, Record<string, string>> = {
  location_coordinates: { "Contact Phone Number": "2095257564" },
};

test.each(names)("csv-spectrum: %s", async (name) => {
  const json: unknown = JSON.parse(readFileSync(join(spectrum, "json", `${name}.json`), "utf8"));
  const expected = [json].flat().map((record) => ({ ...(record as object), ...spectrumMistakes[name] }));
  const content = readFileSync(join(spectrum, "csvs", `${name}.csv`));
  const [header = [], ...rows] = await textsOf(content, { header: true, ...spectrumOptions[name] });
  const records = rows.map((row) => Object.fromEntries(row.map((text, i) => [header[i], text])));
  expect(records).toEqual(expected);
  expect(rows.length).toBe(expected.length);
});

test("csv-spectrum has its twelve files, with CRLF in those that are named so", () => {
  expect(names.length).toBe(12);
  const withCrlf = names.filter((name) => readFileSync(join(spectrum, "csvs", `${name}.csv`)).includes("\r\n"));
  expect(withCrlf).toEqual(["empty_crlf", "newlines_crlf", "simple_crlf"]);
});

import { expect, test } from "vitest";
import type { CsvReadOptions } from "../../../src/storages/csv/index.ts";
import { readBothWays, withFiles } from "./files.ts";

test.each<[string, CsvReadOptions, RegExp]>([
  ["# exported\na,b\n1,2\n", {}, /"# exported".*`comment: "# ?"`.*`header`/],
  ["// exported\n\na,b\n1,2\n", {}, /`comment: "\/\/"`/],
  ["Report of 2024\n\na,b\n1,2\n", {}, /"Report of 2024".*`comment: "Report"`/],
  ["Report, 2024\nid,a,b\n1,2,3\n", {}, /^Mend line 2 .*`raggedRows`.*`comment: "Report"`/],
  ["a,b\n1,2\n3,4,5\n", {}, /^Mend line 3 .*`raggedRows`/],
  ["a;b\n1;2\n3;4;5\n", {}, /`separator` if it is not ";", or see the option `raggedRows`/],
  ["a,b\n1,2\n3,4,5\n", { raggedRows: "null" }, /^Mend line 3 of the file, or export it again.*loses no value\.$/],
  ["a,b\n1,2\n3,4\r5,6\n", {}, /^Mend line 3 of the file, or export it again with fields in quotes\.$/],
])("a row that does not fit is told with what may help (%#)", async (content, options, hint) => {
  const { source } = await withFiles({ "x.csv": content });
  const read = source.getData("x", options);
  await expect(read).rejects.toMatchObject({ name: "CorruptDataError", hint: expect.stringMatching(hint) });
});

test.each([
  ["# exported\na,b\n1,2\n", "#"],
  ["Report of 2024\n\na,b\n1,2\n", "Report"],
])("the hint on a line in front of the header leads to the rows (%#)", async (content, comment) => {
  const read = await readBothWays(content, { comment });
  expect(read.columns).toEqual(["a", "b"]);
  expect(read.rows).toEqual([[1, 2]]);
});

test.each([["m/*.csv"], ["m/?.csv"], ["m/[ab].csv"], ["m/{a,b}"]])(
  "the pattern %s without `glob` is told as one",
  async (pattern) => {
    const { source } = await withFiles({ "m/a.csv": "a\n1\n" });
    const hint = expect.stringMatching(/give `glob: true`/);
    await expect(source.getData(pattern)).rejects.toMatchObject({ hint });
    await expect(source.getBatches(pattern).next()).rejects.toMatchObject({ hint });
  },
);

test.each([
  ["z", "z.csv.gz", /whole name, with its ending: "z\.csv\.gz"/],
  ["z", "z.tsv", /whole name, with its ending: "z\.tsv"/],
  ["z", "Z.CSV", /small letters: rename Z\.CSV/],
  ["m/z.csv", "m/z.csv.zst", /"m\/z\.csv\.zst"/],
])("%s, where only %s is there, is told with that name", async (name, there, hint) => {
  const { source } = await withFiles({ [there]: "a\n1\n", "other.csv": "a\n1\n" });
  const read = source.getData(name);
  await expect(read).rejects.toMatchObject({ name: "NotFoundError", hint: expect.stringMatching(hint) });
  await expect(read).rejects.toThrow(`There is ${JSON.stringify(there)}.`);
});

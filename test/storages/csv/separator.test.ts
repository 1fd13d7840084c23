import { expect, test } from "vitest";
import { readBothWays, withFiles } from "./files.ts";

const german = "Datum;Betrag, EUR\n2024-01-01;1,5\n";

test("a file that falls into fields at two separators is refused, and read with the one that is said", async () => {
  const { source } = await withFiles({ "x.csv": german });
  const read = source.getData("x");
  await expect(read).rejects.toMatchObject({
    name: "SchemaError",
    hint: 'Say which it is: `separator: ","` or `separator: ";"`.',
  });
  await expect(read).rejects.toThrow('"," ("Datum;Betrag" " EUR") and as well at ";" ("Datum" "Betrag, EUR")');
  const said = await readBothWays(german, { separator: ";", decimal: "," });
  expect(said.columns).toEqual(["Datum", "Betrag, EUR"]);
  expect(said.rows[0]?.[1]).toBe(1.5);
});

test.each([
  ["of which one has rows that bear it out", "Datum;Betrag, EUR\n2024;1\n", "x.csv", ["Datum", "Betrag, EUR"]],
  ["where the other is in quotes", 'a,"b;c"\n1,"2;3"\n', "x.csv", ["a", "b;c"]],
  ["in a .tsv, whose tab wins", "name\tcity, street\nx\ty, z\n", "x.tsv", ["name", "city, street"]],
])("a header with two separators %s is parted by that", async (_, content, name, columns) => {
  expect((await readBothWays(content, {}, name)).columns).toEqual(columns);
});

test("names that are given tell the separator too", async () => {
  const read = await readBothWays("1;2,3;4\n5;6,7;8\n", { header: ["a", "b"] });
  expect(read.rows).toEqual([
    ["1;2", "3;4"],
    ["5;6", "7;8"],
  ]);
  expect((await readBothWays("1;2,3;4\n", { header: ["a", "b", "c"] })).rows).toEqual([[1, "2,3", 4]]);
});

test("a ragged row near the top hides no separator: it is told, or goes by raggedRows", async () => {
  const ragged = "a;b\n1;2\n1;2;3\n";
  const { source } = await withFiles({ "x.csv": ragged });
  const read = source.getData("x");
  await expect(read).rejects.toMatchObject({ name: "CorruptDataError" });
  await expect(read).rejects.toThrow(/line 3 has 3 fields where the header has 2/);
  expect((await readBothWays(ragged, { raggedRows: "drop" })).rows).toEqual([[1, 2]]);
  const mostlyBad = await readBothWays(`${ragged}4\n5\n6\n`, { raggedRows: "drop" });
  expect(mostlyBad.rows).toEqual([[1, 2]]);
});

test("a ragged row at the top does so too, where the others may be read without it", async () => {
  expect((await readBothWays("a;b\n0\n1;2\n3;4\n", { raggedRows: "drop" })).rows).toEqual([
    [1, 2],
    [3, 4],
  ]);
});

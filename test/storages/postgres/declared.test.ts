import { expect, test } from "vitest";
import { records } from "../../../src/frame/records.ts";
import { openPostgres } from "./open.ts";

const postgres = openPostgres();
const { sql } = postgres;

/** Reads one value of a PostgreSQL type as a declared type. */
async function declare(value: string, own: string, type: string): Promise<unknown> {
  await sql(
    `DROP TABLE IF EXISTS asked; CREATE TABLE asked (same int, v ${own}); INSERT INTO asked VALUES (1, ${value}), (2, NULL)`,
  );
  const schema = { same: "int32", v: `${type}?` };
  const rows = records(await postgres.storage.source().getData("asked", { schema }));
  expect(rows[1]).toEqual({ same: 2, v: null });
  return rows[0]?.v;
}

const exact: [value: string, own: string, type: string, read: unknown][] = [
  ["'2024-01-02 00:00'", "timestamp", "date", "2024-01-02"],
  ["'1.50'", "text", "decimal(5, 1)", "1.5"],
  ["' -42 '", "text", "int8", -42],
  ["'18446744073709551615'", "varchar(30)", "uint64", 2n ** 64n - 1n],
  ["'42'", "char(6)", "int32", 42],
  ["'0.1'", "text", "float64", 0.1],
  ["'1e-3'", "text", "float32", Math.fround(0.001)],
  ["'-Infinity'", "text", "float64", Number.NEGATIVE_INFINITY],
  ["'NaN'", "numeric", "float64", Number.NaN],
  ["0.1", "numeric", "float64", 0.1],
  ["0.12345678901234568", "numeric", "float64", 0.12345678901234568],
  ["9007199254740994", "numeric", "float64", 9007199254740994],
  ["1152921504606846976", "numeric", "float64", 2 ** 60],
  ["16777218", "numeric", "float32", 16777218],
  ["12.5", "numeric", "decimal(4, 2)", "12.50"],
  ["7", "numeric", "uint8", 7],
  ["'{1.50,NULL}'", "numeric[]", "list[decimal(5, 1)]", ["1.5", null]],
  ["'{0.1234567890123456}'", "numeric[]", "list[float64]", [0.1234567890123456]],
  ["'true'", "text", "boolean", true],
  ["'2024-02-29'", "text", "date", "2024-02-29"],
  ["'2024-01-02T03:04:05.678'", "text", "datetime[us]", "2024-01-02T03:04:05.678000"],
  ["'2024-01-02 03:04:05+02'", "text", "datetime[us, UTC]", "2024-01-02T01:04:05.000000Z"],
  ["'03:04:05.5'", "text", "time", "03:04:05.500000000"],
  ["'\\x00ff'", "text", "binary", Uint8Array.of(0, 255)],
  ["'{1,2}'", "text", "list[int32]", [1, 2]],
  ["'PT1.5S'", "text", "duration[us]", 1_500_000n],
  ["'00:00:01.5'", "text", "duration[us]", 1_500_000n],
  ["12.5", "money", "decimal(6, 2)", "12.50"],
  [`'{"a": 1}'`, "jsonb", 'struct{"a": int32}', { a: 1 }],
  ["'12:00+01'", "timetz", "string", "12:00:00+01"],
];

test.each(exact)("%s, a %s, is read as the declared %s", async (value, own, type, expected) => {
  expect(await declare(value, own, type)).toEqual(expected);
});

const inexact: [value: string, own: string, type: string, told: string][] = [
  ["'2024-01-02 15:30'", "timestamp", "date", "2024-01-02 15:30:00"],
  ["'1.555'", "text", "decimal(5, 2)", "row 1"],
  ["'1.5'", "text", "uint64", "1.5"],
  ["'0x10'", "text", "int64", "0x10"],
  ["'1_000'", "text", "int64", "1_000"],
  ["'yes'", "text", "boolean", "yes"],
  ["'300'", "text", "uint8", "300, which is no uint8"],
  ["'abc'", "text", "date", "abc"],
  ["'today'", "text", "date", "today"],
  ["'2024-02-30'", "text", "date", "2024-02-30"],
  ["'2024-01-02 15:30'", "text", "date", "2024-01-02 15:30"],
  ["'2024-01-02 03:04:05+02'", "text", "datetime[us]", "+02"],
  ["'2024-01-02 03:04:05'", "text", "datetime[us, UTC]", "03:04:05"],
  ["'2024-01-02 03:04:05.1234567'", "text", "datetime[us]", ".1234567"],
  ["'23:59:60'", "text", "time", "23:59:60"],
  ["'0.12345678901234567890'", "text", "float64", "0.1234567890"],
  ["9007199254740993", "numeric", "float64", "9007199254740993"],
  ["16777217", "numeric", "float32", "16777217"],
  ["'{1.25}'", "numeric[]", "list[decimal(5, 1)]", "{1.25}"],
  ["'{9007199254740993}'", "numeric[]", "list[float64]", "9007199254740993"],
  ["'abc'", "text", "binary", "abc"],
  ["'1.5'", "jsonb", "int32", "1.5"],
  ["'PT0.0000001S'", "text", "duration[us]", "PT0.0000001S"],
  ["12.345", "numeric", "decimal(6, 2)", "row 1"],
];

test.each(inexact)("%s, a %s, is no %s, and the error says in which column", async (value, own, type, told) => {
  await expect(declare(value, own, type)).rejects.toMatchObject({
    name: "FidelityError",
    message: expect.stringMatching(/^Column "v"/),
    hint: expect.stringContaining("string"),
  });
  await expect(declare(value, own, type)).rejects.toThrow(told);
});

test.each([
  ["12.5", "money", "float64", "money"],
  ["'12:00+01'", "timetz", "time", "time with time zone"],
  ["'(1,2)'", "point", "float64", "point"],
  ["'00000000-0000-0000-0000-000000000001'", "uuid", "int64", "uuid"],
])("%s, a %s, can't be declared %s", async (value, own, type, sqlType) => {
  await expect(declare(value, own, type)).rejects.toMatchObject({
    name: "SchemaError",
    message: expect.stringContaining(`Column "v" is ${sqlType} in the table`),
  });
});

test("the error names the right one of several columns, in a part of the table and in batches too", async () => {
  await sql(`CREATE TABLE several AS SELECT 1 AS n, 'today' AS a, '2024-01-02' AS b, 'yes' AS c, '2024-02-30' AS d`);
  const source = postgres.storage.source();
  const named = (name: string) => ({ name: "FidelityError", message: expect.stringContaining(`Column "${name}"`) });
  const schema = { a: "date", b: "date", c: "boolean", d: "date" };
  await expect(source.getData("several", { schema, columns: ["b", "c"] })).rejects.toMatchObject(named("c"));
  await expect(source.getBatches("several", { schema, columns: ["b", "a"] }).next()).rejects.toMatchObject(named("a"));
  await expect(source.getData("several", { schema, columns: ["n", "d"] })).rejects.toMatchObject(named("d"));
  await expect(source.getData("several", { schema, columns: ["d", "b"] })).rejects.toThrow(
    /One of the columns "d" \(date\), "b" \(date\) holds .*2024-02-30/,
  );
  expect((await source.getData("several", { schema, columns: ["b"] })).height).toBe(1);
});

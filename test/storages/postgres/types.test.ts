import { describe, expect, test } from "vitest";
import { compareFrames } from "../../../src/frame/compare.ts";
import { frame } from "../../../src/frame/frame.ts";
import type { DataFrame } from "../../../src/frame/polars.ts";
import { records } from "../../../src/frame/records.ts";
import { schemaOf } from "../../../src/frame/schema.ts";
import { samples } from "../../frame/samples.ts";
import { openPostgres } from "./open.ts";

const postgres = openPostgres();
const { sql, lines } = postgres;
const keepOrder = { keepOrder: true };

async function expectExact(name: string, saved: DataFrame, options: object = keepOrder): Promise<void> {
  await postgres.storage.saver().saveData(saved, name, options);
  expect(await compareFrames(await postgres.storage.source().getData(name), saved)).toBeNull();
}

const nameFor = (type: string) => `of ${type.replace(/[^a-z0-9]+/gi, " ").trim()}`;

async function read(name: string) {
  const found = await postgres.storage.source().getData(name);
  return { rows: records(found), types: schemaOf(found).fields.map(({ type }) => type) };
}

/** Samples that hold what PostgreSQL can't: the first row of it, and the nearest values that it can. */
const refused: Record<string, { row: number; instead: unknown[] }> = {
  "datetime[ns]": { row: 0, instead: ["1677-09-21T00:12:43.145225", "2262-04-11T23:47:16.854775", null] },
  "datetime[ns, America/New_York]": { row: 0, instead: ["2262-04-11T23:47:16.854775Z", "1969-12-31T23:59:59.999999Z"] },
  time: { row: 1, instead: ["00:00:00", "23:59:59.999999", null, "09:30:00.000001"] },
  "duration[ms]": { row: 0, instead: [-(2n ** 63n) / 1000n, (2n ** 63n - 1n) / 1000n, null, 0n] },
  "duration[ns]": { row: 0, instead: [-(2n ** 63n - 808n), 2n ** 63n - 808n, null, 1_000n] },
};

describe("every type of a frame", () => {
  test.each(Object.keys(samples))("%s comes back exactly, or is refused with column and row", async (type) => {
    const saver = postgres.storage.saver();
    const values = samples[type] ?? [];
    const make = (column: unknown[]) =>
      frame({ row: column.map((_, row) => row), v: column }, { row: "int32", v: `${type}?` });
    const misfit = refused[type];
    if (misfit) {
      await expect(saver.saveData(make([...values]), nameFor(type))).rejects.toMatchObject({
        name: "FidelityError",
        message: expect.stringContaining(`Column "v", row ${misfit.row + 1},`),
        hint: expect.stringMatching(/before saving/),
      });
    }
    await expectExact(nameFor(type), make(misfit ? misfit.instead : [...values]));
  });

  test("stays exact in an append, an upsert and a backup that is restored", async () => {
    const types = Object.keys(samples).filter((type) => !(type in refused));
    const schema = Object.fromEntries(types.map((type) => [type, `${type}?`]));
    const part = (first: number) =>
      frame(
        {
          key: [first, first + 1, first + 2, first + 3],
          ...Object.fromEntries(types.map((type) => [type, samples[type]])),
        },
        { key: "int32", ...schema },
      );
    const { saver, source, backup } = {
      saver: postgres.storage.saver(),
      source: postgres.storage.source(),
      backup: postgres.storage.backup(),
    };
    await saver.saveData(part(0), "all types", { key: ["key"] });
    await saver.saveData(part(4), "all types", { mode: "append" });
    await saver.saveData(part(6), "all types", { mode: "upsert", key: ["key"] });
    const whole = await source.getData("all types");
    const expected = frame(
      {
        key: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        ...Object.fromEntries(
          types.map((type) => [
            type,
            [...(samples[type] ?? []), ...(samples[type] ?? []).slice(0, 2), ...(samples[type] ?? [])],
          ]),
        ),
      },
      { key: "int32", ...schema },
    );
    expect(await compareFrames(whole, expected)).toBeNull();
    const [, location] = await backup.backupData("all types");
    await backup.restoreData(location ?? "", "all types again");
    expect(await compareFrames(await source.getData("all types again"), expected)).toBeNull();
    const pieces = [];
    for await (const piece of source.getBatches("all types", { batchRows: 3 })) pieces.push(...records(piece));
    expect(pieces).toEqual(records(expected));
  });

  test("can be queried by other programs in PostgreSQL's own terms", async () => {
    const saved = frame(
      {
        price: ["12.50", "-0.05"],
        took: [90_500_000n, -1n],
        word: ["low", "high"],
        days: [["2024-01-01", null], []],
        box: [{ a: 1, b: null }, null],
      },
      {
        price: "decimal(12, 2)",
        took: "duration[us]",
        word: 'enum["low","high"]',
        days: "list[date]",
        box: 'struct{"a": int32, "b": string}?',
      },
    );
    await expectExact("queried", saved);
    expect(
      await sql("SELECT price::text, took::text, word, days::text, box->>'a' AS a FROM queried ORDER BY millrace_row"),
    ).toEqual([
      { price: "12.50", took: "00:01:30.5", word: "low", days: "{2024-01-01,NULL}", a: "1" },
      { price: "-0.05", took: "-00:00:00.000001", word: "high", days: "{}", a: null },
    ]);
    expect(await sql("SELECT sum(price)::text AS s, max(days[1])::text AS d FROM queried")).toEqual([
      { s: "12.45", d: "2024-01-01" },
    ]);
  });

  test.each([
    ["list[uint64]", [[2n ** 64n - 1n, null, 0n]]],
    ["list[decimal(38, 6)]", [["-0.000001", `${"9".repeat(32)}.000001`]]],
    ["list[boolean]", [[true, null, false], []]],
    ["list[binary]", [[Uint8Array.of(0, 92), null]]],
    ["list[datetime[ms, Asia/Tokyo]]", [[new Date(-1), null]]],
    ["array[int8, 3]", [[-128, null, 127], null]],
    ['list[enum["a","b"]]', [["a", null], []]],
    ["list[list[int64]]", [[[1n, null], null, []], []]],
    ['list[struct{"t": datetime[ns], "n": null}]', [[{ t: "2024-01-01T00:00:00.000000001", n: null }, null]]],
  ] as const)("%s comes back exactly", async (type, values) => {
    await expectExact(nameFor(type), frame({ v: [...values] }, { v: `${type}?` }));
  });

  test("is refused inside of a list with the list's row", async () => {
    const save = (values: unknown[], type: string) =>
      postgres.storage.saver().saveData(frame({ v: values }, { v: type }), "inside");
    await expect(save([["a"], [], ["b", "x\0"]], "list[string]")).rejects.toThrow(/Column "v", row 3, .*NUL/);
    await expect(save([[], ["00:00:00"], ["00:00:00", "00:00:00.0000001"]], "list[time]")).rejects.toThrow(
      /Column "v", row 3, /,
    );
  });

  test("can be no key when PostgreSQL can't compare it", async () => {
    const saved = frame({ k: [{ a: 1 }] }, { k: 'struct{"a": int32}' });
    await expect(postgres.storage.saver().saveData(saved, "no key", { key: ["k"] })).rejects.toMatchObject({
      name: "FidelityError",
      message: expect.stringContaining('"k"'),
    });
  });

  test("widens in an append: decimals, whole numbers beside them, units, categories to texts, nulls to anything", async () => {
    const saver = postgres.storage.saver();
    const first = { d: "decimal(4, 2)", n: "int64", u: "duration[ms]", w: 'enum["x"]', e: "null" };
    const next = { d: "decimal(6, 1)", n: "uint64", u: "duration[us]", w: "string", e: "list[int32]?" };
    await saver.saveData(
      frame({ d: ["12.34"], n: [-(2n ** 63n)], u: [5n], w: ["x"], e: [null] }, first),
      "wider",
      keepOrder,
    );
    await saver.saveData(frame({ d: ["12345.6"], n: [2n ** 64n - 1n], u: [7n], w: ["y"], e: [[1]] }, next), "wider", {
      mode: "append",
    });
    const expected = frame(
      {
        ...{ d: ["12.34", "12345.60"], n: [`${-(2n ** 63n)}`, `${2n ** 64n - 1n}`], u: [5_000n, 7n] },
        ...{ w: ["x", "y"], e: [null, [1]] },
      },
      { d: "decimal(7, 2)", n: "decimal(20, 0)", u: "duration[us]", w: "string", e: "list[int32]?" },
    );
    expect(await compareFrames(await postgres.storage.source().getData("wider"), expected)).toBeNull();
  });
});

describe("frames of odd shape", () => {
  test("no columns, no rows, and one row come back", async () => {
    await expectExact("no columns", frame([], {}), {});
    for (const values of [[], [7]]) {
      await expectExact("few rows", frame({ a: values, b: values.map(() => [1]) }, { a: "int8", b: "list[int8]" }), {});
    }
  });

  test("1,000 numbers in a row come back; 1,000 long texts are a typed error, and nothing is half done", async () => {
    const names = Array.from({ length: 1_000 }, (_, n) => `column ${n}`);
    const numbers = frame(
      Object.fromEntries(names.map((name, n) => [name, [n, null]])),
      Object.fromEntries(names.map((name) => [name, "float64?"])),
    );
    await postgres.storage.saver().saveData(numbers, "wide", keepOrder);
    expect((await read("wide")).rows).toEqual(records(numbers));
    const texts = frame(
      Object.fromEntries(names.map((name) => [name, ["x".repeat(2_000)]])),
      Object.fromEntries(names.map((name) => [name, "string"])),
    );
    await expect(postgres.storage.saver().saveData(texts, "wide texts")).rejects.toMatchObject({
      name: "FidelityError",
    });
    expect(await postgres.storage.source().listSources()).not.toContain("wide texts");
    await expect(postgres.storage.saver().saveData(texts, "wide")).rejects.toMatchObject({ name: "SchemaError" });
    expect((await read("wide")).rows).toEqual(records(numbers));
  });

  test("column names of 63 bytes, with spaces, quotes, capitals and emoji come back; 64 bytes are refused", async () => {
    const names = [
      "n".repeat(63),
      "ü".repeat(31),
      "With Space",
      'quo"te',
      "CAPITALS",
      "🚂",
      "select",
      "'",
      "$1",
      "\\",
      "%s",
    ];
    await expectExact(
      "odd names",
      frame(
        Object.fromEntries(names.map((name, n) => [name, [n]])),
        Object.fromEntries(names.map((name) => [name, "int8"])),
      ),
    );
    for (const name of ["n".repeat(64), `${"ü".repeat(31)}xx`]) {
      await expect(
        postgres.storage.saver().saveData(frame({ [name]: [1] }, { [name]: "int8" }), "odd names"),
      ).rejects.toMatchObject({
        name: "FidelityError",
        message: expect.stringContaining("64 bytes"),
      });
    }
  });
});

describe("what another program changed", () => {
  const types = {
    tiny: "uint8",
    short: "int16",
    at: "datetime[ms]",
    us: "datetime[us]",
    day: "date",
    clock: "time",
    took: "duration[ms]",
    word: 'enum["a","b"]',
    none: "null",
    list: "list[int32]",
    two: "array[int8, 2]",
    box: 'struct{"a": int32}',
    sum: "decimal(6, 2)",
  };
  const values = {
    tiny: [1],
    short: [2],
    at: ["2024-01-01T00:00:00.001"],
    us: ["2024-01-01T00:00:00.000001"],
    day: ["2024-01-01"],
    clock: ["01:00:00"],
    took: [5n],
    word: ["a"],
    none: [null],
    list: [[1]],
    two: [[1, 2]],
    box: [{ a: 1 }],
    sum: ["1.25"],
  };
  const edits: [column: keyof typeof types, value: string, type: string, read: unknown][] = [
    ["tiny", "-1", "int16", -1],
    ["at", "'2024-01-01 00:00:00.000001'", "datetime[us]", "2024-01-01T00:00:00.000001"],
    ["us", "'infinity'", "string", "infinity"],
    ["day", "'-infinity'", "string", "-infinity"],
    ["clock", "'24:00'", "string", "24:00:00"],
    ["took", "'1 day'", "string", "P1D"],
    ["took", "'1 microsecond'", "string", "PT0.000001S"],
    ["word", "'c'", "string", "c"],
    ["none", "'something'", "string", "something"],
    ["list", "'{{1,2},{3,4}}'", "string", "{{1,2},{3,4}}"],
    ["list", "'[0:1]={1,2}'", "string", "[0:1]={1,2}"],
    ["two", "'{1,2,3}'", "list[int16]", [1, 2, 3]],
    ["two", "'{1,200}'", "list[int16]", [1, 200]],
    ["box", `'{"b": 1}'`, "string", '{"b": 1}'],
    ["box", "'[1'||',2]'", "string", "[1,2]"],
    ["sum", "'NaN'", "string", "NaN"],
  ];

  test.each(edits)(
    "a value in %s that does not fit (%s) is read as %s, and the log says so",
    async (column, value, type, read_) => {
      await postgres.storage.saver().saveData(frame({ ...values, same: [1] }, { ...types, same: "uint8" }), "edited");
      const cast = column === "box" ? "::json" : "";
      await sql(`UPDATE edited SET "${column}" = (${value})${cast}`);
      lines.length = 0;
      const found = await read("edited");
      const names = [...Object.keys(types), "same"];
      expect(found.types[names.indexOf(column)]).toBe(type);
      expect(found.types.at(-1)).toBe("uint8");
      expect(found.rows[0]?.[column]).toEqual(read_);
      expect(lines.join("\n")).toContain(`Column "${column}", row 1, holds`);
      for await (const piece of postgres.storage.source().getBatches("edited")) {
        expect(schemaOf(piece).fields[names.indexOf(column)]?.type).toBe(type);
      }
      const part = await postgres.storage.source().getData("edited", { columns: ["same"] });
      expect(records(part)).toEqual([{ same: 1 }]);
    },
  );

  test("a number that a cast would round is read as what it is", async () => {
    const saver = postgres.storage.saver();
    await saver.saveData(frame({ r: [0.1], n: [2n ** 40n] }, { r: "float64", n: "int64" }), "narrowed types");
    await saver.saveData(frame({ r: [0.5], n: [3] }, { r: "float32", n: "int16" }), "narrowed types");
    expect((await read("narrowed types")).types).toEqual(["float32", "int16"]);
    await sql('UPDATE "narrowed types" SET r = 0.1, n = 70000');
    expect(await read("narrowed types")).toEqual({ rows: [{ r: 0.1, n: 70_000n }], types: ["float64", "int64"] });
  });

  test("columns that were altered, added, dropped or renamed are read as the table has them", async () => {
    const save = () => postgres.storage.saver().saveData(frame(values, types), "altered");
    await save();
    await sql(
      "ALTER TABLE altered ALTER COLUMN tiny TYPE numeric, ALTER COLUMN sum TYPE text, DROP COLUMN list, ADD COLUMN more text DEFAULT 'm'",
    );
    await sql("ALTER TABLE altered RENAME COLUMN word TO renamed");
    lines.length = 0;
    const { rows, types: found } = await read("altered");
    expect(Object.keys(rows[0] ?? {})).toEqual([
      ...Object.keys(types).filter((name) => name !== "list" && name !== "word"),
      "renamed",
      "more",
    ]);
    expect(rows[0]).toMatchObject({ tiny: "1", sum: "1.25", renamed: "a", more: "m", took: 5n });
    expect(found[0]).toBe("string");
    expect(lines.join("\n")).toMatch(/changed column "tiny" from smallint to numeric/);
    expect(lines.join("\n")).toMatch(/"list" was dropped/);
  });
});

test("tables of other programs: numerics and arrays in their own types, others as text", async () => {
  await sql(
    `CREATE TABLE others (n numeric, d numeric(8,2), huge numeric(60,2), back numeric(5,-2), a int[], t timestamptz(3)[], m int[], u uuid[], v varchar(9)[], i interval)`,
  );
  await sql(
    `INSERT INTO others VALUES (1.5, -12.5, 1, 300, '{1,NULL}', '{2024-01-01 00:00+00}', '{{1},{2}}', '{00000000-0000-0000-0000-000000000001}', '{x}', '1 day')`,
  );
  const { rows, types } = await read("others");
  expect(types).toEqual([
    ...[
      "string",
      "decimal(8, 2)",
      "string",
      "string",
      "list[int32]",
      "list[datetime[us, UTC]]",
      "string",
      "string",
      "list[string]",
      "string",
    ],
  ]);
  expect(rows[0]).toMatchObject({
    n: "1.5",
    d: "-12.50",
    back: "300",
    a: [1, null],
    m: "{{1},{2}}",
    v: ["x"],
    i: "P1D",
  });
  const asked = await postgres.storage.source().query("SELECT d, a, m, v, i, $1::int[] AS p FROM others", [[5, null]]);
  expect(schemaOf(asked).fields.map(({ type }) => type)).toEqual([
    "decimal(8, 2)",
    "list[int32]",
    "string",
    "list[string]",
    "string",
    "list[int32]",
  ]);
  expect(records(asked)[0]).toMatchObject({ d: "-12.50", a: [1, null], p: [5, null] });
});

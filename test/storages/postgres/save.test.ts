import { describe, expect, test } from "vitest";
import { frame } from "../../../src/frame/frame.ts";
import { records } from "../../../src/frame/records.ts";
import { schemaOf } from "../../../src/frame/schema.ts";
import { openPostgres } from "./open.ts";
import { startProgram } from "./programs/run.ts";

const postgres = openPostgres();
const { sql } = postgres;
const read = async (name: string) => records(await postgres.storage.source().getData(name));
const typesIn = (name: string) =>
  sql(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [name],
  );

test("pg reads what was written, in the types of docs/postgres.md", async () => {
  const saved = frame(
    {
      ...{
        small: [-128, null],
        big: [-(2n ** 63n), 2n ** 63n - 1n],
        huge: [2n ** 64n - 1n, 0n],
        ratio: [0.1, Number.NaN],
      },
      ...{ yes: [true, null], text: ["ü'\"\\", ""], day: ["1969-12-31", "2024-02-29"] },
      ...{
        wall: ["2024-02-29T12:00:00.000001", null],
        instant: ["2024-07-01T00:00:00Z", "1969-12-31T23:59:59.999999Z"],
      },
    },
    {
      ...{
        small: "int8?",
        big: "int64",
        huge: "uint64",
        ratio: "float64",
        yes: "boolean?",
        text: "string",
        day: "date",
      },
      ...{ wall: "datetime[us]?", instant: "datetime[us, Europe/Berlin]" },
    },
  );
  await postgres.storage.saver().saveData(saved, "typed");
  expect(await typesIn("typed")).toEqual(
    [
      ["small", "smallint"],
      ["big", "bigint"],
      ["huge", "numeric(20,0)"],
      ["ratio", "double precision"],
      ["yes", "boolean"],
      ["text", "text"],
      ["day", "date"],
      ["wall", "timestamp without time zone"],
      ["instant", "timestamp with time zone"],
    ].map(([name, type]) => ({ name, type })),
  );
  const [first, second] = await sql(
    "SELECT big, huge, ratio, yes, text, day::text, wall::text, instant::text FROM typed",
  );
  expect(first).toEqual({
    ...{ big: "-9223372036854775808", huge: "18446744073709551615", ratio: 0.1, yes: true, text: "ü'\"\\" },
    ...{ day: "1969-12-31", wall: "2024-02-29 12:00:00.000001", instant: "2024-07-01 00:00:00+00" },
  });
  expect(second).toMatchObject({ huge: "0", ratio: Number.NaN, yes: null, instant: "1969-12-31 23:59:59.999999+00" });
});

describe("replacing rows", () => {
  test("keeps views, grants, indexes and comments of the table", async () => {
    const saver = postgres.storage.saver();
    await saver.saveData(frame({ id: [1, 2], v: ["a", "b"] }, { id: "int32", v: "string" }), "kept_whole");
    await sql("CREATE VIEW kept_view AS SELECT id FROM kept_whole");
    await sql("CREATE INDEX kept_index ON kept_whole (v)");
    await sql("COMMENT ON TABLE kept_whole IS 'mine'");
    await saver.saveData(frame({ id: [7], v: ["c"] }, { id: "int32", v: "string" }), "kept_whole");
    expect(await sql("SELECT id FROM kept_view")).toEqual([{ id: 7 }]);
    expect(
      await sql("SELECT obj_description('kept_whole'::regclass) AS c, to_regclass('kept_index') IS NOT NULL AS i"),
    ).toEqual([{ c: "mine", i: true }]);
  });

  test("goes by key where other tables refer to the rows, and refuses where a cascade would fire", async () => {
    const saver = postgres.storage.saver();
    const save = (id: number[]) =>
      saver.saveData(frame({ id, v: id.map(String) }, { id: "int32", v: "string" }), "parents", { key: ["id"] });
    await save([1, 2, 3]);
    await sql(
      "CREATE TABLE children (parent int REFERENCES parents ON DELETE CASCADE); INSERT INTO children VALUES (1)",
    );
    await save([1, 4]);
    expect(await sql("SELECT id FROM parents ORDER BY id")).toEqual([{ id: 1 }, { id: 4 }]);
    await expect(save([4])).rejects.toThrow(/children/);
    expect(await sql("SELECT count(*)::int AS n FROM children")).toEqual([{ n: 1 }]);
    expect(await sql("SELECT id FROM parents ORDER BY id")).toEqual([{ id: 1 }, { id: 4 }]);
  });

  test("is refused where other tables inherit the rows, but not where they are partitions", async () => {
    const saver = postgres.storage.saver();
    const next = frame({ id: [9] }, { id: "int32" });
    await sql("CREATE TABLE elder (id int); INSERT INTO elder VALUES (1)");
    await sql("CREATE TABLE heir () INHERITS (elder); INSERT INTO heir VALUES (2)");
    await expect(saver.saveData(next, "elder")).rejects.toMatchObject({
      name: "ConflictError",
      message: expect.stringContaining("public.heir"),
      hint: expect.stringContaining("NO INHERIT"),
    });
    expect(await sql("SELECT id FROM elder ORDER BY id")).toEqual([{ id: 1 }, { id: 2 }]);
    await saver.saveData(next, "elder", { mode: "append" });
    expect(await sql("SELECT id FROM heir")).toEqual([{ id: 2 }]);
    await sql("CREATE TABLE split (id int) PARTITION BY RANGE (id)");
    await sql("CREATE TABLE split_low PARTITION OF split FOR VALUES FROM (0) TO (100); INSERT INTO split VALUES (1)");
    await saver.saveData(next, "split");
    expect(await sql("SELECT id FROM split")).toEqual([{ id: 9 }]);
  });

  test("leaves the old rows whole when the process is killed in the middle, and the next save works", async () => {
    const saver = postgres.storage.saver();
    const old = frame({ id: [1, 2, 3] }, { id: "int32" });
    await saver.saveData(old, "prices");
    const program = startProgram("save-slowly", postgres.config);
    await program.said("saving");
    expect(await read("prices")).toHaveLength(3);
    await program.kill();
    expect(await read("prices")).toEqual(records(old));
    await saver.saveData(frame({ id: [9] }, { id: "int32" }), "prices");
    expect(await read("prices")).toEqual([{ id: 9 }]);
  });

  test("leaves out columns that the frame lacks, and brings them back as null", async () => {
    const saver = postgres.storage.saver();
    await saver.saveData(frame({ a: [1], b: ["x"] }, { a: "int32", b: "string" }), "narrowed");
    await saver.saveData(frame({ a: [2] }, { a: "int32" }), "narrowed");
    expect(await read("narrowed")).toEqual([{ a: 2 }]);
    expect(await sql("SELECT * FROM narrowed")).toEqual([{ a: 2, b: null }]);
    await saver.saveData(frame({ b: ["y"], a: [3] }, { b: "string", a: "int32" }), "narrowed");
    expect(await read("narrowed")).toEqual([{ b: "y", a: 3 }]);
  });
});

describe("a changed schema", () => {
  test("widens a column along the lattice, in place", async () => {
    const saver = postgres.storage.saver();
    await saver.saveData(frame({ n: [1], r: [0.5] }, { n: "int16", r: "float32" }), "widened");
    await saver.saveData(frame({ n: [2n ** 40n], r: [0.1] }, { n: "int64", r: "float64" }), "widened", {
      mode: "append",
    });
    expect((await typesIn("widened")).map(({ type }) => type)).toEqual(["bigint", "double precision"]);
    expect((await read("widened")).map(({ n }) => n).sort()).toEqual([1n, 2n ** 40n].sort());
    await saver.saveData(frame({ n: [3], r: [0.25] }, { n: "int16", r: "float32" }), "widened");
    const back = await postgres.storage.source().getData("widened");
    expect(schemaOf(back).fields.map(({ type }) => type)).toEqual(["int16", "float32"]);
  });

  test("refuses another type, with every difference and the statement to run by hand", async () => {
    const saver = postgres.storage.saver();
    await saver.saveData(frame({ a: [1], b: ["x"] }, { a: "int32", b: "string" }), "refused");
    const other = frame({ a: ["1"], b: [true] }, { a: "string", b: "boolean" });
    await expect(saver.saveData(other, "refused")).rejects.toMatchObject({
      name: "SchemaError",
      message: expect.stringMatching(/"a" .*ALTER TABLE .* TYPE text.*"b"/s),
    });
    expect(await read("refused")).toEqual([{ a: 1, b: "x" }]);
  });

  test("is refused by freeze, which lists all differences", async () => {
    const saver = postgres.storage.saver();
    await saver.saveData(frame({ a: [1], b: ["x"] }, { a: "int32", b: "string" }), "frozen");
    const other = frame({ a: [1n], c: [1] }, { a: "int64", c: "int32" });
    await expect(saver.saveData(other, "frozen", { schemaChange: "freeze" })).rejects.toThrow(
      /"a".*"c".*"b" is missing/s,
    );
  });

  test("made by another program wins over what was kept, and is logged", async () => {
    await postgres.storage.saver().saveData(frame({ a: [1], b: [1] }, { a: "uint8", b: "uint8" }), "edited");
    await sql("ALTER TABLE edited ALTER a TYPE text, ADD COLUMN c int DEFAULT 5");
    const found = await postgres.storage.source().getData("edited");
    expect(schemaOf(found).fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "a string",
      "b uint8",
      "c int32",
    ]);
    expect(records(found)).toEqual([{ a: "1", b: 1, c: 5 }]);
    expect(postgres.lines.join("\n")).toContain('changed column "a"');
  });
});

describe("upsert", () => {
  test("replaces rows by key, adds others, and makes the unique index when it is missing", async () => {
    const saver = postgres.storage.saver();
    await sql("CREATE TABLE upserted (\"K\" text, v int); INSERT INTO upserted VALUES ('a', 1), ('b', 2)");
    const next = frame({ K: ["b", "c"], v: [20, 30] }, { K: "string", v: "int32" });
    await saver.saveData(next, "upserted", { mode: "upsert", key: ["K"] });
    expect(await sql("SELECT * FROM upserted ORDER BY 1")).toEqual([
      { K: "a", v: 1 },
      { K: "b", v: 20 },
      { K: "c", v: 30 },
    ]);
    expect(await sql("SELECT indisunique FROM pg_index WHERE indrelid = 'upserted'::regclass")).toEqual([
      { indisunique: true },
    ]);
  });

  test("refuses a key that stands twice, also over batches, and changes nothing", async () => {
    const saver = postgres.storage.saver();
    const options = { mode: "upsert", key: ["k"] } as const;
    const part = (k: (string | null)[]) => frame({ k, v: k.map((_, v) => v) }, { k: "string?", v: "int32" });
    await saver.saveData(part(["a"]), "doubled", options);
    async function* batches(...parts: (string | null)[][]) {
      for (const keys of parts) yield part(keys);
    }
    await expect(saver.saveBatches(batches(["b"], ["b"]), "doubled", options)).rejects.toMatchObject({
      code: "KEY_INVALID",
    });
    await expect(saver.saveBatches(batches(["b"], [null]), "doubled", options)).rejects.toMatchObject({
      code: "KEY_INVALID",
    });
    await expect(saver.saveData(part(["b", "b"]), "doubled", options)).rejects.toMatchObject({ code: "KEY_INVALID" });
    expect(await read("doubled")).toEqual([{ k: "a", v: 0 }]);
  });
});

test("rows that a trigger drops fail the save, in every mode and also without values, and nothing changes", async () => {
  const saver = postgres.storage.saver();
  await sql(
    "CREATE FUNCTION drop_threes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id = 3 THEN RETURN NULL; END IF; RETURN NEW; END $$",
  );
  await sql("CREATE TABLE picky (id int PRIMARY KEY, v text); INSERT INTO picky VALUES (1, 'old')");
  await sql("CREATE TABLE picky_keys (id int PRIMARY KEY); INSERT INTO picky_keys VALUES (1)");
  await sql("CREATE TABLE picky_wide (id bigint); INSERT INTO picky_wide VALUES (1)");
  for (const table of ["picky", "picky_keys", "picky_wide"]) {
    await sql(`CREATE TRIGGER t BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION drop_threes()`);
  }
  const upsert = { mode: "upsert", key: ["id"] } as const;
  const both = (id: number[]) => frame({ id, v: id.map(String) }, { id: "int32", v: "string" });
  const ids = (id: number[]) => frame({ id }, { id: "int32" });
  const refused = { name: "SaveError", message: expect.stringContaining("2 of 3 rows") };
  await expect(saver.saveData(both([1, 2, 3]), "picky", upsert)).rejects.toMatchObject(refused);
  await expect(saver.saveData(ids([1, 2, 3]), "picky_keys", upsert)).rejects.toMatchObject(refused);
  await expect(saver.saveData(ids([1, 2, 3]), "picky_wide", { mode: "append" })).rejects.toMatchObject(refused);
  expect(await sql("SELECT * FROM picky")).toEqual([{ id: 1, v: "old" }]);
  expect(await sql("SELECT * FROM picky_keys")).toEqual([{ id: 1 }]);
  expect(await sql("SELECT * FROM picky_wide")).toEqual([{ id: "1" }]);
  await saver.saveData(both([1, 2]), "picky", upsert);
  await saver.saveData(ids([1, 2]), "picky_keys", upsert);
  expect(await sql("SELECT * FROM picky ORDER BY id")).toEqual([1, 2].map((id) => ({ id, v: String(id) })));
  expect(await sql("SELECT * FROM picky_keys ORDER BY id")).toEqual([{ id: 1 }, { id: 2 }]);
});

test("what PostgreSQL can't hold is refused with column, row and remedy, and the old rows stay", async () => {
  const saver = postgres.storage.saver();
  const good = frame({ t: ["fine"] }, { t: "string" });
  await saver.saveData(good, "exact");
  await expect(saver.saveData(frame({ t: ["a", "b", "x\0y"] }, { t: "string" }), "exact")).rejects.toMatchObject({
    name: "FidelityError",
    message: expect.stringMatching(/Column "t", row 3, .*NUL/),
  });
  const nanos = frame({ t: ["2024-01-01T00:00:00", "2024-01-01T00:00:00.000000001"] }, { t: "datetime[ns]" });
  await expect(saver.saveData(nanos, "exact_ns")).rejects.toMatchObject({
    name: "FidelityError",
    message: expect.stringMatching(/Column "t", row 2, .*microsecond/),
  });
  expect(await read("exact")).toEqual([{ t: "fine" }]);
  expect(await sql("SELECT to_regclass('exact_ns') AS found")).toEqual([{ found: null }]);
  expect(await sql("SELECT count(*)::int AS n FROM pg_class WHERE relname LIKE 'millrace_staging%'")).toEqual([
    { n: 0 },
  ]);
});

test("hostile names reach nothing but their own table", async () => {
  const saver = postgres.storage.saver();
  const rows = frame(
    { 'a"; DROP TABLE safe; --': [1], "Ünï cödé": [2] },
    { 'a"; DROP TABLE safe; --': "int32", "Ünï cödé": "int32" },
  );
  await saver.saveData(frame({ a: [1] }, { a: "int32" }), "safe");
  for (const name of ["x'; DROP TABLE safe; --", "select", "MiXed Case", "$1", "x)--"]) {
    await saver.saveData(rows, name);
    expect(records(await postgres.storage.source().getData(name))).toEqual(records(rows));
    expect(await postgres.storage.source().listSources()).toContain(name);
  }
  expect(await read("safe")).toEqual([{ a: 1 }]);
  await expect(saver.saveData(rows, "n".repeat(64))).rejects.toMatchObject({ code: "NAME_INVALID" });
  await expect(saver.saveData(rows, "a.b.c")).rejects.toMatchObject({ code: "NAME_INVALID" });
  await expect(saver.saveData(rows, "no_such_schema.x")).rejects.toMatchObject({ code: "FRAME_NOT_FOUND" });
  await expect(saver.saveData(rows, "millrace.frames")).rejects.toMatchObject({ code: "NAME_INVALID" });
});

test("keepOrder gives rows back in the order in which they were saved, also appended ones", async () => {
  const saver = postgres.storage.saver();
  const part = (from: number) =>
    frame({ v: Array.from({ length: 500 }, (_, i) => (from + i * 7919) % 1009) }, { v: "int32" });
  await saver.saveData(part(1), "ordered", { keepOrder: true });
  await saver.saveData(part(500), "ordered", { mode: "append" });
  await sql("UPDATE ordered SET v = v WHERE v < 500");
  expect(await read("ordered")).toEqual([...records(part(1)), ...records(part(500))]);
});

test("rows come by key, and a table of another schema by its whole name", async () => {
  const saver = postgres.storage.saver();
  await sql("CREATE SCHEMA other");
  await saver.saveData(frame({ k: [3, 1, 2] }, { k: "int32" }), "other.sorted", { key: ["k"] });
  expect(await read("other.sorted")).toEqual([{ k: 1 }, { k: 2 }, { k: 3 }]);
  expect(await postgres.storage.source().listSources()).not.toContain("other.sorted");
  expect(await read("public.safe")).toEqual(await read("safe"));
});

test("an aborted save frees its connection and its locks", async () => {
  const saver = postgres.storage.saver();
  await saver.saveData(frame({ a: [1] }, { a: "int32" }), "aborted");
  const controller = new AbortController();
  const reason = new Error("enough");
  async function* endless() {
    for (let n = 0; ; n++) {
      yield frame({ a: [n] }, { a: "int32" });
      if (n === 3) controller.abort(reason);
    }
  }
  await expect(saver.saveBatches(endless(), "aborted", { signal: controller.signal })).rejects.toBe(reason);
  await saver.saveData(frame({ a: [2] }, { a: "int32" }), "aborted");
  expect(await read("aborted")).toEqual([{ a: 2 }]);
});

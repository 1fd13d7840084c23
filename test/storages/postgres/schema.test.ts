import { describe, expect, test } from "vitest";
import { frame } from "../../../src/frame/frame.ts";
import { records } from "../../../src/frame/records.ts";
import { schemaOf } from "../../../src/frame/schema.ts";
import type { PostgresSaveOptions } from "../../../src/storages/postgres/index.ts";
import { openPostgres } from "./open.ts";

const postgres = openPostgres();
const { sql } = postgres;
const read = async (name: string) => records(await postgres.storage.source().getData(name));
const changesOf = (name: string) =>
  sql<{ statement: string; reason: string }>(
    "SELECT statement, reason FROM millrace.schema_changes WHERE name = $1 ORDER BY id",
    [`public.${name}`],
  );

describe("planSchema", () => {
  const first = frame({ id: [1], at: ["2024-01-01"], n: [1] }, { id: "int32", at: "date", n: "int16" });
  const wider = frame(
    { id: [2], at: ["2024-01-01T12:00:00"], n: [70_000], more: ["x"] },
    { id: "int32", at: "datetime[us]", n: "int32", more: "string" },
  );

  test("tells the statements that a save then runs and records, each with its reason, and touches nothing", async () => {
    const saver = postgres.storage.saver();
    const steps: [frame: typeof first, options: PostgresSaveOptions][] = [
      [first, { key: ["id"], timeColumn: "at" }],
      [wider, { mode: "append" }],
      [wider, { mode: "upsert", key: ["id"], keepOrder: true }],
      [wider, { mode: "upsert", key: ["more"] }],
      [wider, { mode: "append", key: ["id"] }],
    ];
    await saver.saveData(first, "before planned");
    let recorded = 0;
    for (const [rows, options] of steps) {
      const { statements } = await saver.planSchema(rows, "planned", options);
      expect(await saver.planSchema(rows, "planned", options)).toEqual({ statements });
      expect(await changesOf("planned")).toHaveLength(recorded);
      if (rows === wider && options.mode === "append" && options.key) {
        expect(statements).toEqual([]);
        continue;
      }
      await saver.saveData(rows, "planned", options);
      const changes = (await changesOf("planned")).slice(recorded);
      recorded += changes.length;
      expect(changes).toEqual(statements.map(({ sql: statement, reason }) => ({ statement, reason })));
    }
    expect((await changesOf("planned")).map(({ statement }) => statement)).toEqual([
      'CREATE TABLE "public"."planned" ("id" integer, "at" date, "n" smallint)',
      'ALTER TABLE "public"."planned" ADD PRIMARY KEY ("id")',
      'CREATE INDEX ON "public"."planned" ("at")',
      'ALTER TABLE "public"."planned" ALTER COLUMN "at" TYPE timestamp without time zone',
      'ALTER TABLE "public"."planned" ALTER COLUMN "n" TYPE integer',
      'ALTER TABLE "public"."planned" ADD COLUMN "more" text',
      'ALTER TABLE "public"."planned" ADD COLUMN "millrace_row" bigint',
      'CREATE UNIQUE INDEX ON "public"."planned" ("more")',
    ]);
  });

  test("refuses what the save would refuse", async () => {
    const saver = postgres.storage.saver();
    await saver.saveData(first, "unplanned");
    const text = frame({ id: ["a"], at: ["b"] }, { id: "string", at: "string" });
    const problem = /"id" is string, in the table int32.*"at" is string, in the table date/;
    await expect(saver.planSchema(text, "unplanned", { mode: "append" })).rejects.toThrow(problem);
    await expect(saver.saveData(text, "unplanned", { mode: "append" })).rejects.toThrow(problem);
    await expect(saver.planSchema(text, "unplanned", { schemaChange: "freeze" })).rejects.toThrow(/"n" is missing/);
  });
});

test("a column that a view shows keeps its type: the save is refused with the SQL that does it by hand", async () => {
  const saver = postgres.storage.saver();
  await saver.saveData(frame({ n: [1], m: [1] }, { n: "int16", m: "int16" }), "shown");
  await sql("CREATE VIEW showing AS SELECT n + 1 AS next FROM shown");
  const wider = frame({ n: [70_000], m: [70_000] }, { n: "int32", m: "int32" });
  const error = await saver.saveData(wider, "shown", { mode: "append" }).catch((cause: Error) => cause);
  expect(error).toMatchObject({ name: "SchemaError", message: expect.stringContaining("VIEW public.showing") });
  const [, byHand = ""] = /\(by hand: (BEGIN.*COMMIT;)\)/s.exec(String(error)) ?? [];
  await sql(byHand);
  await saver.saveData(wider, "shown", { mode: "append" });
  expect(await sql("SELECT next FROM showing ORDER BY 1")).toEqual([{ next: 2 }, { next: 70_001 }]);
});

test("a deletion and a restore are recorded too", async () => {
  const { storage } = postgres;
  await storage.saver().saveData(frame({ a: [1] }, { a: "int32" }), "recorded");
  const [, location] = await storage.backup().backupData("recorded");
  await storage.saver().deleteData("recorded");
  await storage.backup().restoreData(location ?? "");
  expect((await changesOf("recorded")).map(({ statement }) => statement)).toEqual([
    'CREATE TABLE "public"."recorded" ("a" integer)',
    'DROP TABLE "public"."recorded"',
    'CREATE TABLE "public"."recorded" ("a" integer)',
  ]);
});

test("the scratch table by which a backup is proven is no change that is recorded", async () => {
  const { storage } = postgres;
  await storage.saver().saveData(frame({ a: [1] }, { a: "int32" }), "to_prove");
  const [, location] = await storage.backup().backupData("to_prove");
  expect(await storage.backup().proveBackup(location ?? "")).toBe(true);
  expect(await sql("SELECT statement FROM millrace.schema_changes WHERE statement LIKE '%millrace_prove%'")).toEqual(
    [],
  );
});

test.each([
  ["double precision", frame({ a: [1, 2] }), frame({ a: ["x"] })],
  ["text", frame({ a: ["1", "2"] }), frame({ a: [3n] })],
  ["boolean", frame({ a: [true, false] }), frame({ a: [new Date(0)] }, { a: "datetime[us]" })],
])(
  "a %s column of another type is refused with SQL that can be run by hand as it stands",
  async (type, before, after) => {
    const saver = postgres.storage.saver();
    const name = `by_hand ${type}`;
    await saver.saveData(before, name);
    const error = await saver.saveData(after, name, { mode: "append" }).catch((cause: Error) => cause);
    const [, byHand = ""] = /\(by hand: (ALTER.*;)\)/.exec(String(error)) ?? [];
    if (type === "boolean") await sql(`DELETE FROM "${name}"`);
    await sql(byHand);
    await saver.saveData(after, name, { mode: "append" });
    expect((await read(name)).length).toBe(type === "boolean" ? 1 : 3);
  },
);

test("an append of a key that is there says which modes are for that", async () => {
  const saver = postgres.storage.saver();
  await saver.saveData(frame({ a: [1] }, { a: "int32" }), "key_there", { key: ["a"] });
  await expect(
    saver.saveData(frame({ a: [1] }, { a: "int32" }), "key_there", { mode: "append" }),
  ).rejects.toMatchObject({
    code: "KEY_INVALID",
    hint: expect.stringMatching(/"upsert".*"insertOnly"/),
  });
});

test("a change that a run of a pipeline makes is recorded with the run's id", async () => {
  const saver = postgres.storage.saver();
  await saver.saveData(frame({ a: [1] }, { a: "int16" }), "by_run", { run: { id: "run-7", part: "copy/by_run" } });
  await saver.saveData(frame({ a: [70_000] }, { a: "int32" }), "by_run");
  const runs = await sql("SELECT run FROM millrace.schema_changes WHERE name = 'public.by_run' ORDER BY id");
  expect(runs).toEqual([{ run: "run-7" }, { run: null }]);
});

describe("widenToText", () => {
  test("turns a column to text where nothing else holds both, and only when it is asked for", async () => {
    const saver = postgres.storage.saver();
    await saver.saveData(frame({ n: [1, null] }, { n: "int32?" }), "texts", { keepOrder: true });
    const words = frame({ n: ["x"] }, { n: "string" });
    await expect(saver.saveData(words, "texts", { mode: "append" })).rejects.toMatchObject({ name: "SchemaError" });
    await saver.saveData(words, "texts", { mode: "append", widenToText: true });
    await saver.saveData(frame({ n: [true] }, { n: "boolean" }), "texts", { mode: "append", widenToText: true });
    expect(await read("texts")).toEqual([{ n: "1" }, { n: null }, { n: "x" }, { n: "true" }]);
    expect((await changesOf("texts")).at(-1)).toMatchObject({ reason: expect.stringContaining("widenToText") });
  });
});

describe("insertOnly", () => {
  const rows = (id: number[], v: string) => frame({ id, v: id.map(() => v) }, { id: "int32", v: "string" });

  test("adds rows of new keys and leaves the others alone", async () => {
    const saver = postgres.storage.saver();
    const options = { mode: "insertOnly", key: ["id"] } as const;
    await saver.saveData(rows([1, 2], "first"), "only new", options);
    await saver.saveData(rows([2, 3], "second"), "only new", options);
    expect(await read("only new")).toEqual([
      { id: 1, v: "first" },
      { id: 2, v: "first" },
      { id: 3, v: "second" },
    ]);
    await saver.saveData(rows([3], "third"), "only new", { mode: "upsert", key: ["id"] });
    expect((await read("only new")).at(-1)).toEqual({ id: 3, v: "third" });
  });

  test("refuses a null or doubled key, a missing key, and rows that a trigger drops", async () => {
    const saver = postgres.storage.saver();
    const options = { mode: "insertOnly", key: ["id"] } as const;
    await saver.saveData(rows([1], "old"), "only good", options);
    await expect(saver.saveData(rows([2, 2], "x"), "only good", options)).rejects.toMatchObject({
      code: "KEY_INVALID",
    });
    async function* doubled() {
      yield rows([5], "x");
      yield rows([5], "y");
    }
    await expect(saver.saveBatches(doubled(), "only good", options)).rejects.toMatchObject({ code: "KEY_INVALID" });
    const keyless = { mode: "insertOnly" } as unknown as typeof options;
    await expect(saver.saveData(rows([2], "x"), "only good", keyless)).rejects.toMatchObject({ name: "ConfigError" });
    await sql(`CREATE FUNCTION drop_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$`);
    await sql(`CREATE TRIGGER t BEFORE INSERT ON "only good" FOR EACH ROW EXECUTE FUNCTION drop_all()`);
    await expect(saver.saveData(rows([1, 9], "x"), "only good", options)).rejects.toMatchObject({ name: "SaveError" });
    expect(await read("only good")).toEqual([{ id: 1, v: "old" }]);
  });
});

describe("declared schemas", () => {
  test("make columns that may not be null, and refuse to add one to rows that have no value for it", async () => {
    const saver = postgres.storage.saver();
    const schema = {
      fields: [
        { name: "a", type: "int32", nullable: false },
        { name: "b", type: "int32", nullable: true },
      ],
    };
    await saver.saveData(frame({ a: [1], b: [null] }, { a: "int32", b: "int32?" }), "strict", { schema });
    await expect(sql("INSERT INTO strict (b) VALUES (1)")).rejects.toThrow(/null value in column "a"/);
    expect((await postgres.storage.source().describe("strict")).schema.fields.map(({ nullable }) => nullable)).toEqual([
      false,
      true,
    ]);
    const more = { fields: [...schema.fields, { name: "c", type: "string", nullable: false }] };
    const next = frame({ a: [2], b: [2], c: ["c"] }, { a: "int32", b: "int32", c: "string" });
    await expect(saver.saveData(next, "strict", { schema: more, mode: "append" })).rejects.toThrow(
      /ADD COLUMN "c" text NOT NULL DEFAULT/,
    );
    await saver.saveData(next, "strict", { mode: "append" });
    expect(schemaOf(await postgres.storage.source().getData("strict")).fields).toHaveLength(3);
  });
});

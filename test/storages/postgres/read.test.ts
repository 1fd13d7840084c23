import { expect, onTestFinished, test } from "vitest";
import { parseConfig } from "../../../src/config/load.ts";
import { frame } from "../../../src/frame/frame.ts";
import { records } from "../../../src/frame/records.ts";
import { schemaOf } from "../../../src/frame/schema.ts";
import { PostgresStorage } from "../../../src/storages/postgres/index.ts";
import { listeningLogger, openPostgres } from "./open.ts";

const postgres = openPostgres();
const { sql } = postgres;
const typed = async (name: string) => {
  const found = await postgres.storage.source().getData(name);
  return { rows: records(found), types: schemaOf(found).fields.map(({ type }) => type) };
};

test("a table that another program made is read whole, with its unusual types as text", async () => {
  await sql(`CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE foreign_made (
    id serial PRIMARY KEY, n numeric, m numeric(8,2), u uuid, j jsonb, a int[], mood mood, c char(4), v varchar(9), ip inet,
    r int4range, i interval, b bytea, t time, d date, "gen" int GENERATED ALWAYS AS (1 + 1) STORED)`);
  await sql(`INSERT INTO foreign_made (n, m, u, j, a, mood, c, v, ip, r, i, b, t, d) VALUES (1e30, 12.50,
    '00000000-0000-0000-0000-000000000001', '{"a":1}', '{1,NULL}', 'ok', 'x', 'y', '10.0.0.1', '[1,5)', '1 day 2 hours',
    '\\x00ff', '12:34:56.789', '2024-02-29')`);
  const { rows, types } = await typed("foreign_made");
  expect(types.filter((type) => type === "string")).toHaveLength(9);
  expect(rows[0]).toMatchObject({
    ...{ id: 1, n: "1000000000000000000000000000000", m: "12.50", u: "00000000-0000-0000-0000-000000000001" },
    ...{
      j: '{"a": 1}',
      a: [1, null],
      mood: "ok",
      c: "x   ",
      v: "y",
      ip: "10.0.0.1/32",
      r: "[1,5)",
      i: "P1DT2H",
      gen: 2,
    },
    ...{ d: "2024-02-29" },
  });
});

test("views, partitioned and empty tables are listed and read; partitions and metadata are not listed", async () => {
  await sql(`CREATE TABLE parted (k int) PARTITION BY RANGE (k); CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (9);
    INSERT INTO parted VALUES (1); CREATE VIEW seen AS SELECT k * 2 AS k FROM parted; CREATE TABLE hollow (a int, b text);
    CREATE MATERIALIZED VIEW frozen_view AS SELECT k FROM parted; CREATE TABLE nothing ()`);
  const names = await postgres.storage.source().listSources();
  expect(names).toEqual(expect.arrayContaining(["frozen_view", "hollow", "parted", "seen"]));
  expect(names).not.toContain("parted_1");
  expect(names).not.toContain("frames");
  expect((await typed("seen")).rows).toEqual([{ k: 2 }]);
  expect((await typed("frozen_view")).rows).toEqual([{ k: 1 }]);
  expect(await typed("hollow")).toEqual({ rows: [], types: ["int32", "string"] });
  expect((await typed("nothing")).types).toEqual([]);
});

test("days and times are the same in every time zone of the program", async () => {
  const before = process.env.TZ;
  onTestFinished(() => {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  });
  await sql(`CREATE TABLE times AS SELECT date '2024-03-31' AS d, timestamp '2024-03-31 02:30:00.123456' AS w,
    timestamptz '2024-03-31 02:30:00.123456+02' AS i`);
  const seen = [];
  for (const zone of ["UTC", "America/New_York", "Europe/Berlin", "Pacific/Kiritimati"]) {
    process.env.TZ = zone;
    expect(new Date(0).getTimezoneOffset() === 0).toBe(zone === "UTC");
    const { rows } = await typed("times");
    seen.push(rows[0]);
    await postgres.storage.saver().saveData(await postgres.storage.source().getData("times"), "times_copy");
    const [same] = await sql("SELECT count(*)::int AS n FROM times NATURAL JOIN times_copy");
    expect(same).toEqual({ n: 1 });
  }
  expect(seen[0]?.d).toBe("2024-03-31");
  for (const row of seen) expect(row).toEqual(seen[0]);
});

test("infinity is refused with its column and row, and can be read as text", async () => {
  await sql("CREATE TABLE boundless AS SELECT * FROM (VALUES (timestamp '2024-01-01'), ('infinity')) v (t)");
  await expect(typed("boundless")).rejects.toMatchObject({
    name: "FidelityError",
    message: expect.stringMatching(/"t", row 2/),
  });
  const schema = { fields: [{ name: "t", type: "string", nullable: true }] };
  const found = records(await postgres.storage.source().getData("boundless", { schema }));
  expect(found.map(({ t }) => t)).toContain("infinity");
});

test("a part of a table is chosen by the server: columns, time, limit", async () => {
  const source = postgres.storage.source();
  const rows = frame(
    { t: ["2024-01-01T00:00:00.000001", "2024-01-02T00:00:00", null, "1650-01-01T00:00:00"], n: [1, 2, 3, 4] },
    { t: "datetime[us]?", n: "int32" },
  );
  await postgres.storage.saver().saveData(rows, "parts", { timeColumn: "t" });
  const n = async (options: object) =>
    records(await source.getData("parts", { columns: ["n"], ...options })).map((row) => row.n);
  expect(await n({ from: "2024-01-01", to: "2024-01-02" })).toEqual([1]);
  expect(await n({ from: "1649-12-31T23:59:59.999999" })).toEqual([4, 1, 2]);
  expect(await n({ from: "2024-01-01T00:00:00.000001001" })).toEqual([2]);
  expect(await n({ to: new Date("2024-01-02T00:00:00Z"), limit: 1 })).toEqual([4]);
});

test("query binds parameters, gives exact types, and can change nothing", async () => {
  const source = postgres.storage.source();
  await sql(
    "CREATE TABLE asked AS SELECT n, n::text AS t, n::bigint * 9007199254740993 AS big FROM generate_series(1, 9) n",
  );
  const hostile = "5'; DROP TABLE asked; --";
  const found = await source.query(
    "SELECT t, big, now() AS at, NULL::date AS d FROM asked WHERE n > $1 AND t <> $2 ORDER BY n",
    [7, hostile],
  );
  expect(schemaOf(found).fields.map(({ type }) => type)).toEqual(["string", "int64", "datetime[us, UTC]", "date"]);
  expect(records(found).map(({ big }) => big)).toEqual([8n * 9007199254740993n, 9n * 9007199254740993n]);
  expect((await source.query("SELECT * FROM asked;")).height).toBe(9);
  await expect(source.query("DELETE FROM asked")).rejects.toThrow();
  await expect(source.query("SELECT 1) q; DELETE FROM asked; SELECT * FROM (SELECT 1")).rejects.toThrow();
  await expect(source.query("WITH gone AS (DELETE FROM asked RETURNING n) SELECT * FROM gone")).rejects.toThrow();
  await expect(source.query("SELECT 1 AS a, 2 AS a")).rejects.toMatchObject({ name: "SchemaError" });
  expect(await sql("SELECT count(*)::int AS n FROM asked")).toEqual([{ n: 9 }]);
});

test("rows of every length arrive whole, wherever the network cuts them", async () => {
  const source = postgres.storage.source();
  for (const rows of [600, 12]) {
    const text =
      rows === 12 ? "repeat(chr(97 + n % 26), n * 99991 % 3000000)" : "repeat(chr(97 + n % 26), n * 997 % 70001)";
    const found = await source.query(`SELECT n, ${text} AS t FROM generate_series(1, ${rows}) n`);
    for (const { n, t } of records(found)) {
      const length = rows === 12 ? ((n as number) * 99_991) % 3_000_000 : ((n as number) * 997) % 70_001;
      expect(t === String.fromCharCode(97 + ((n as number) % 26)).repeat(length)).toBe(true);
    }
    expect(found.height).toBe(rows);
  }
});

test("a query that fails after many rows is told, one that gives notices is not disturbed, and the connection works on", async () => {
  const source = postgres.storage.source();
  await expect(source.query("SELECT 1 / (90000 - n) AS x FROM generate_series(1, 100000) n")).rejects.toMatchObject({
    name: "SchemaError",
    message: expect.stringContaining("division by zero"),
  });
  await sql(`CREATE FUNCTION chatty(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN
    IF n % 1000 = 0 THEN RAISE WARNING 'now at %', n; END IF; RETURN n; END $$`);
  expect((await source.query("SELECT chatty(n) AS n FROM generate_series(1, 20000) n")).height).toBe(20_000);
});

test("a query that is wrong is told so, as nothing that trying again could help", async () => {
  const source = postgres.storage.source();
  await sql("CREATE TABLE spared AS SELECT 1 AS n; CREATE SEQUENCE counted_on");
  const wrong = { name: "ConfigError", code: "CONFIG_INVALID", retryable: false };
  await expect(source.query("select 1/0 as x")).rejects.toMatchObject({ name: "SchemaError", retryable: false });
  await expect(source.query("select n::text::date from spared")).rejects.toMatchObject({ name: "SchemaError" });
  await expect(source.query("delete from spared")).rejects.toMatchObject(wrong);
  await expect(source.query("selec 1")).rejects.toMatchObject({ ...wrong, hint: expect.stringContaining("SELECT") });
  await expect(source.query("select nextval('counted_on') as n")).rejects.toMatchObject(wrong);
  await expect(source.query("select pg_terminate_backend(pg_backend_pid())")).rejects.toMatchObject({
    name: "UnavailableError",
    retryable: true,
  });
  expect((await source.query("select n from spared")).height).toBe(1);
});

test("batches come from one state of the table, whatever is written meanwhile", async () => {
  const ids = Array.from({ length: 1_000 }, (_, id) => id);
  await postgres.storage.saver().saveData(frame({ id: ids }, { id: "int32" }), "streamed");
  let count = 0;
  for await (const batch of postgres.storage.source().getBatches("streamed", { batchRows: 100 })) {
    if (count === 0) await postgres.storage.saver().saveData(frame({ id: [1] }, { id: "int32" }), "streamed");
    count += batch.height;
  }
  expect(count).toBe(1_000);
  expect((await typed("streamed")).rows).toEqual([{ id: 1 }]);
});

test("backups come back in a fresh database, with key and order", async () => {
  const { storage, config } = postgres;
  const rows = frame({ id: [2, 1], v: ["b", null] }, { id: "uint16", v: "string?" });
  await storage.saver().saveData(rows, "guarded", { key: ["id"], keepOrder: true });
  const [, location] = await storage.backup().backupData("guarded");
  const fresh = new PostgresStorage({
    config: parseConfig({ ...config, DB_NAME: "fresh one" }),
    logger: listeningLogger().logger,
  });
  onTestFinished(() => fresh.close());
  await fresh.backup().restoreData(location ?? "", "guarded");
  expect(records(await fresh.source().getData("guarded"))).toEqual(records(rows));
  expect(await fresh.source().describe("guarded")).toMatchObject({ key: ["id"], rows: 2 });
  expect(await storage.backup().proveBackup(location ?? "")).toBe(true);
});

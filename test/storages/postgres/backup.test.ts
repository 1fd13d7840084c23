import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { frame } from "../../../src/frame/frame.ts";
import { records } from "../../../src/frame/records.ts";
import { schemaOf } from "../../../src/frame/schema.ts";
import { PostgresStorage } from "../../../src/storages/postgres/index.ts";
import { listeningLogger } from "./open.ts";
import { findPrograms, TestServer } from "./server.ts";

let server: TestServer;
const sql: TestServer["sql"] = (text, values) => server.sql(text, values);

beforeAll(async () => {
  const [programs] = findPrograms();
  if (!programs) throw new Error("There are no programs of PostgreSQL.");
  server = await TestServer.start(programs);
});
afterAll(() => server.stop());

function open(more: Record<string, unknown> = {}) {
  const { logger, lines } = listeningLogger();
  const storage = new PostgresStorage({ config: server.config(more), logger });
  onTestFinished(() => storage.close());
  return { storage, backup: storage.backup(), saver: storage.saver(), source: storage.source(), lines };
}

/** Everything of a table that a DBA would look at. */
async function portrait(table: string) {
  const one = async (text: string) =>
    (await sql(text.replaceAll("TABLE", `'${table}'::regclass`))).map((row) => Object.values(row).join(" | "));
  const plain = (lines: string[]) => lines.map((line) => line.replaceAll(table, "TABLE"));
  return {
    columns:
      await one(`SELECT attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, pg_get_expr(adbin, adrelid)
      FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attrelid = TABLE AND attnum > 0 ORDER BY attnum`).then(
        plain,
      ),
    constraints: plain(
      await one(
        "SELECT contype, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = TABLE AND contype <> 'n' ORDER BY 1, 2",
      ),
    ),
    indexes: plain(await one("SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = TABLE ORDER BY 1")),
    comments: await one(
      "SELECT obj_description(TABLE) UNION ALL SELECT col_description(TABLE, attnum) FROM pg_attribute WHERE attrelid = TABLE AND attnum > 0",
    ),
    grants: await one(
      "SELECT relacl::text FROM pg_class WHERE oid = TABLE UNION ALL SELECT attacl::text FROM pg_attribute WHERE attrelid = TABLE AND attnum > 0 ORDER BY 1",
    ),
  };
}

const makeRich = `
  CREATE ROLE reader; CREATE TYPE mood AS ENUM ('sad', 'it''s ok');
  CREATE TABLE owners (id int PRIMARY KEY); INSERT INTO owners VALUES (1);
  CREATE TABLE rich (
    id serial PRIMARY KEY, number int GENERATED ALWAYS AS IDENTITY (START 10 INCREMENT 5), name text COLLATE "C" NOT NULL DEFAULT 'no''one',
    mood mood, moods mood[], data jsonb, owner int REFERENCES owners ON DELETE CASCADE, parent int REFERENCES rich, price numeric(8,2) CHECK (price > 0),
    doubled int GENERATED ALWAYS AS (id * 2) STORED, made timestamptz DEFAULT now(), "odd ""name" text UNIQUE);
  CREATE INDEX rich_name ON rich (lower(name)) WHERE price > 1; CREATE UNIQUE INDEX "Odd index" ON rich (name, "odd ""name" DESC);
  COMMENT ON TABLE rich IS 'it''s \\ rich'; COMMENT ON COLUMN rich.name IS 'a name'; COMMENT ON INDEX rich_name IS 'an index';
  GRANT SELECT ON rich TO reader WITH GRANT OPTION; GRANT UPDATE (name) ON rich TO PUBLIC;
  INSERT INTO rich (name, mood, moods, data, owner, price) VALUES ('a\\b', 'sad', '{sad,"it''s ok"}', '{"a": [1, null]}', 1, 1.50);
  INSERT INTO rich (name, parent, made, "odd ""name") VALUES ('', 1, 'infinity', E'tab\\tline\\n')`;

describe("a table that is gone", () => {
  test("comes back with keys, indexes, comments, grants, defaults and sequences' values, under its own name", async () => {
    const { backup } = open();
    await sql(makeRich);
    const [before, rows] = [
      await portrait("rich"),
      await sql("SELECT *, moods::text, mood::text FROM rich ORDER BY id"),
    ];
    const [, location] = await backup.backupData("rich");
    expect(await backup.proveBackup(location ?? "")).toBe(true);
    await sql("DROP TABLE rich");
    await backup.restoreData(location ?? "");
    expect(await portrait("rich")).toEqual(before);
    expect(await sql("SELECT *, moods::text, mood::text FROM rich ORDER BY id")).toEqual(rows);
    expect(await sql("INSERT INTO rich (name) VALUES ('next') RETURNING id, number, doubled")).toEqual([
      { id: 3, number: 20, doubled: 6 },
    ]);
  });

  test("comes back under another name beside the old one, whose names stay its own", async () => {
    const { backup } = open();
    const before = await portrait("rich");
    const [, location] = await backup.backupData("rich");
    await backup.restoreData(location ?? "", "copied");
    const copied = await portrait("copied");
    expect({ ...copied, indexes: copied.indexes.length }).toEqual({
      ...before,
      indexes: before.indexes.length,
      columns: before.columns.map((line) => line.replace("nextval('rich_id_seq'", "nextval('copied_id_seq'")),
    });
    await sql("INSERT INTO copied (name) VALUES ('x')");
    expect(await sql("SELECT count(*)::int AS n FROM rich")).toEqual([{ n: 3 }]);
  });

  test("comes back in a fresh database; what can't be there is told with its statement", async () => {
    const { backup } = open();
    const [, location] = await backup.backupData("rich");
    const fresh = open({ DB_NAME: "fresh" });
    await fresh.backup.restoreData(location ?? "", "rich");
    const found = await fresh.source.getData("rich", {
      columns: ["id", "name", "mood", "made"],
      schema: { fields: [{ name: "made", type: "string", nullable: true }] },
    });
    expect(records(found)[1]).toEqual({ id: 2, name: "", mood: null, made: "infinity" });
    expect(fresh.lines.join("\n")).toMatch(/Not restored.*owners.*FOREIGN KEY \(owner\) REFERENCES/);
    const [self] = records(
      await fresh.source.query("SELECT count(*) AS n FROM pg_constraint WHERE confrelid = 'rich'::regclass"),
    );
    expect(self).toEqual({ n: 1n });
  });
});

describe("a table that is there", () => {
  test("gets its rows back and keeps its views and grants; generated columns are no hindrance", async () => {
    const { backup } = open();
    await sql(
      "CREATE TABLE stays (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, v text, twice int GENERATED ALWAYS AS (id * 2) STORED)",
    );
    await sql("INSERT INTO stays (v) VALUES ('a'), ('b'); CREATE VIEW seen AS SELECT v FROM stays");
    const [, location] = await backup.backupData("stays");
    await sql(
      "DELETE FROM stays WHERE id = 1; INSERT INTO stays (v) VALUES ('c'), ('d'); ALTER TABLE stays ADD COLUMN more text",
    );
    await backup.restoreData(location ?? "");
    expect(await sql("SELECT id, v, twice, more FROM stays ORDER BY id")).toEqual([
      { id: 1, v: "a", twice: 2, more: null },
      { id: 2, v: "b", twice: 4, more: null },
    ]);
    expect(await sql("SELECT count(*)::int AS n FROM seen")).toEqual([{ n: 2 }]);
    expect(await sql("INSERT INTO stays (v) VALUES ('e') RETURNING id")).toEqual([{ id: 5 }]);
  });

  test("that others refer to gets its rows back by key; a deletion that would cascade is refused", async () => {
    const { backup } = open();
    await sql("CREATE TABLE elders (id int PRIMARY KEY, v text); INSERT INTO elders VALUES (1, 'a'), (2, 'b')");
    const [, location] = await backup.backupData("elders");
    await sql("CREATE TABLE heirs (elder int REFERENCES elders ON DELETE CASCADE); INSERT INTO heirs VALUES (1)");
    await sql("UPDATE elders SET v = 'changed'; INSERT INTO elders VALUES (3, 'c')");
    await backup.restoreData(location ?? "");
    expect(await sql("SELECT * FROM elders ORDER BY id")).toEqual([
      { id: 1, v: "a" },
      { id: 2, v: "b" },
    ]);
    await sql("INSERT INTO elders VALUES (4, 'd'); INSERT INTO heirs VALUES (4)");
    await expect(backup.restoreData(location ?? "")).rejects.toMatchObject({
      name: "ConflictError",
      message: expect.stringContaining("heirs"),
    });
    expect(await sql("SELECT count(*)::int AS n FROM heirs")).toEqual([{ n: 2 }]);
  });

  test("with columns of other types is refused whole, and every one is named", async () => {
    const { backup, saver } = open();
    await saver.saveData(frame({ a: ["x"], b: ["y"], c: [1] }, { a: "string", b: "string", c: "int16" }), "turned");
    const [, location] = await backup.backupData("turned");
    await sql(
      "DROP TABLE turned; CREATE TABLE turned (a int, b date, c bigint); INSERT INTO turned VALUES (1, '2024-01-01', 2)",
    );
    await expect(backup.restoreData(location ?? "")).rejects.toThrow(/"a" is text.*integer.*"b" is text.*date/);
    expect(await sql("SELECT count(*)::int AS n FROM turned")).toEqual([{ n: 1 }]);
  });
});

test("a frame comes back as it was saved, with its types, key and order", async () => {
  const { backup, saver, source } = open();
  const saved = frame(
    { id: [3, 1, 2], box: [{ a: 1 }, null, { a: null }] },
    { id: "uint8", box: 'struct{"a": int32}?' },
  );
  await saver.saveData(saved, "as saved", { key: ["id"], keepOrder: true });
  const [, location] = await backup.backupData("as saved");
  await saver.deleteData("as saved");
  await backup.restoreData(location ?? "", "again");
  expect(records(await source.getData("again"))).toEqual(records(saved));
  expect(schemaOf(await source.getData("again"))).toEqual(schemaOf(saved));
  expect((await source.describe("again")).key).toEqual(["id"]);
});

test("backupAll takes all tables as they were at one moment, whatever is written meanwhile", async () => {
  const { storage, lines } = open({ DB_NAME: "moment" });
  const saver = storage.saver();
  const ids = (count: number) => frame({ id: Array.from({ length: count }, (_, id) => id) }, { id: "int32" });
  for (const name of ["a_first", "b_second", "c_third"]) await saver.saveData(ids(50_000), name);
  const writing = new AbortController();
  const writer = (async () => {
    for (let round = 1; !writing.signal.aborted; round++) {
      for (const name of ["a_first", "b_second", "c_third"]) await saver.saveData(ids(round), name, { mode: "append" });
    }
  })();
  const done = await storage.backup().backupAll();
  writing.abort();
  await writer;
  const rows = await Promise.all(done.map(async ([name]) => (await storage.backup().listBackups(name))[0]?.rows ?? 0));
  expect(done).toHaveLength(3);
  // Each round adds the same to all, in order: at one moment no two differ by more than the round under way.
  expect(rows[0]).toBeGreaterThanOrEqual(rows[2] ?? 0);
  const round = (count: number) => Math.floor((Math.sqrt(8 * (count - 50_000) + 1) - 1) / 2);
  expect(round(rows[0] ?? 0) - round(rows[2] ?? 0)).toBeLessThanOrEqual(1);
  expect(lines.join("\n")).not.toContain("DB_POOL=1");
});

test("a backup that comes back otherwise is not proven, and the scratch table is gone", async () => {
  const { backup, saver, lines } = open();
  await saver.saveData(frame({ a: [1, 2] }, { a: "int32" }), "proven");
  const [, location] = await backup.backupData("proven");
  expect(await backup.proveBackup(location ?? "")).toBe(true);
  await sql(`CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.a = NEW.a + 1; RETURN NEW; END $$;
    CREATE FUNCTION meddle() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
      EXECUTE (SELECT 'CREATE TRIGGER t BEFORE INSERT ON ' || object_identity || ' FOR EACH ROW EXECUTE FUNCTION public.other()'
        FROM pg_event_trigger_ddl_commands() WHERE object_type = 'table' LIMIT 1); END $$;
    CREATE EVENT TRIGGER meddling ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION meddle()`);
  onTestFinished(async () => {
    await sql("DROP EVENT TRIGGER meddling");
  });
  expect(await backup.proveBackup(location ?? "")).toBe(false);
  expect(lines.join("\n")).toContain("does not come back equal");
  expect(await sql("SELECT count(*)::int AS n FROM pg_class WHERE relname LIKE 'millrace_prove%'")).toEqual([{ n: 0 }]);
});

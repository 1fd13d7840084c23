import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { PostgresStorage } from "../../../src/storages/postgres/index.ts";
import { listeningLogger } from "./open.ts";
import { findPrograms, TestServer } from "./server.ts";

let server: TestServer;
beforeAll(async () => {
  const [programs] = findPrograms();
  if (!programs) throw new Error("There are no programs of PostgreSQL.");
  server = await TestServer.start(programs);
  await server.sql(makeGuarded);
});
afterAll(() => server.stop());

const makeGuarded = `
  CREATE ROLE clerk LOGIN PASSWORD 'clerk';
  CREATE TABLE log (what text);
  CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (TG_NAME); RETURN NEW; END $$;
  CREATE TABLE guarded (id int PRIMARY KEY, owner text NOT NULL);
  INSERT INTO guarded VALUES (1, 'clerk'), (2, 'boss');
  CREATE TRIGGER "it's \\ odd" AFTER INSERT OR UPDATE OF owner ON guarded FOR EACH ROW WHEN (NEW.id > 2) EXECUTE FUNCTION note('a b');
  CREATE TRIGGER asleep BEFORE INSERT ON guarded FOR EACH ROW EXECUTE FUNCTION note();
  ALTER TABLE guarded DISABLE TRIGGER asleep;
  CREATE RULE keep_first AS ON DELETE TO guarded WHERE OLD.id = 1 DO INSTEAD NOTHING;
  ALTER TABLE guarded ENABLE ROW LEVEL SECURITY; ALTER TABLE guarded FORCE ROW LEVEL SECURITY;
  CREATE POLICY own ON guarded FOR SELECT TO clerk, PUBLIC USING (owner = current_user);
  CREATE POLICY "no new" ON guarded AS RESTRICTIVE FOR INSERT WITH CHECK (id < 10);
  GRANT SELECT ON guarded TO clerk`;

function open(more: Record<string, unknown> = {}) {
  const { logger, lines } = listeningLogger();
  const storage = new PostgresStorage({ config: server.config(more), logger });
  onTestFinished(() => storage.close());
  return { backup: storage.backup(), lines };
}

/** Triggers, rules and policies as the server tells them, with the table's name left out. */
async function guardsOf(table: string) {
  const rows = await server.sql(
    `SELECT pg_get_triggerdef(oid) AS def, tgenabled::text AS state FROM pg_trigger WHERE tgrelid = $1::regclass AND NOT tgisinternal
     UNION ALL SELECT pg_get_ruledef(oid), ev_enabled::text FROM pg_rewrite WHERE ev_class = $1::regclass
     UNION ALL SELECT row(polname, polpermissive, polcmd, polroles, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))::text, ''
       FROM pg_policy WHERE polrelid = $1::regclass
     UNION ALL SELECT relrowsecurity::text, relforcerowsecurity::text FROM pg_class WHERE oid = $1::regclass ORDER BY 1`,
    [table],
  );
  return rows.map(({ def, state }) => `${def} ${state}`.replaceAll(`.${table} `, ".TABLE "));
}

test("a table that is made anew gets its triggers, rules and policies back, and nothing fires meanwhile", async () => {
  const { backup, lines } = open();
  const before = await guardsOf("guarded");
  expect(before).toHaveLength(6);
  const [, location] = await backup.backupData("guarded");
  expect(await backup.proveBackup(location ?? "")).toBe(true);
  await server.sql("DROP TABLE guarded");
  await backup.restoreData(location ?? "");
  expect(await guardsOf("guarded")).toEqual(before);
  expect(await server.sql("SELECT * FROM log")).toEqual([]);
  expect(lines.join("\n")).not.toContain("Not restored");
  const clerk = await server.connect();
  onTestFinished(() => clerk.end());
  await clerk.query("SET ROLE clerk");
  expect((await clerk.query("SELECT id FROM guarded")).rows).toEqual([{ id: 1 }]);
});

test("under another name triggers and policies go with the rows, and a rule is told with its statement", async () => {
  const { backup, lines } = open();
  const [, location] = await backup.backupData("guarded");
  await backup.restoreData(location ?? "", "moved");
  const isRule = (line: string) => line.startsWith("CREATE RULE");
  const own = (await guardsOf("guarded")).filter((line) => !isRule(line));
  expect(await guardsOf("moved")).toEqual(own);
  expect(lines.join("\n")).toMatch(/Not restored \(the rule "keep_first".*CREATE RULE keep_first AS\s+ON DELETE/s);
});

test("what a fresh database has not is told with its statement, and the rows come back", async () => {
  const { backup } = open();
  const [, location] = await backup.backupData("guarded");
  const fresh = open({ DB_NAME: "unguarded" });
  await fresh.backup.restoreData(location ?? "", "guarded");
  expect(fresh.lines.join("\n")).toMatch(/Not restored \(function public.note\(\) does not exist\): CREATE TRIGGER/);
});

test("a backup of a table that is unlogged, tuned or has statistics says what it leaves out", async () => {
  await server.sql("CREATE UNLOGGED TABLE tuned (a int, b int) WITH (fillfactor = 70)");
  await server.sql("CREATE STATISTICS pairs ON a, b FROM tuned");
  const { backup, lines } = open();
  const [, location] = await backup.backupData("tuned");
  await server.sql("DROP TABLE tuned");
  await backup.restoreData(location ?? "");
  expect(lines.join("\n")).toMatch(
    /does not hold it: that it is unlogged, the storage parameter fillfactor=70, the statistics pairs/,
  );
});

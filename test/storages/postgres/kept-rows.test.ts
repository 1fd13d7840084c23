import { expect, onTestFinished, test } from "vitest";
import { parseConfig } from "../../../src/config/load.ts";
import { frame } from "../../../src/frame/frame.ts";
import { PostgresStorage } from "../../../src/storages/postgres/index.ts";
import { listeningLogger, openPostgres } from "./open.ts";

const postgres = openPostgres();
const { sql } = postgres;
const rows = (...ids: number[]) => frame({ id: ids }, { id: "int32" });

const keepers = {
  trigger: (table: string) => `
    CREATE FUNCTION keep_${table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
    CREATE TRIGGER keep BEFORE DELETE ON ${table} FOR EACH ROW WHEN (OLD.id = 1) EXECUTE FUNCTION keep_${table}()`,
  rule: (table: string) => `CREATE RULE keep AS ON DELETE TO ${table} WHERE OLD.id = 1 DO INSTEAD NOTHING`,
};

test.each(Object.entries(keepers))(
  "a %s that keeps rows from being replaced fails the save and the restore, and nothing changes",
  async (kind, make) => {
    const [saver, backup] = [postgres.storage.saver(), postgres.storage.backup()];
    for (const table of [`${kind}_kept`, `${kind}_kept_referenced`]) {
      await saver.saveData(rows(1, 2), table, { key: ["id"] });
      const [, location] = await backup.backupData(table);
      if (table.endsWith("referenced")) await sql(`CREATE TABLE ${table}_by (id int REFERENCES ${table})`);
      await sql(make(table));
      const kept = {
        name: "SaveError",
        message: expect.stringContaining("a trigger or a rule of the table keeps some"),
      };
      await expect(saver.saveData(rows(2, 3), table)).rejects.toMatchObject(kept);
      expect(await sql(`SELECT id FROM ${table} ORDER BY 1`)).toEqual([{ id: 1 }, { id: 2 }]);
      if (!table.endsWith("referenced")) await expect(backup.restoreData(location ?? "")).rejects.toMatchObject(kept);
    }
  },
);

test("rows that row level security hides from this user are not left among new ones: the save is refused", async () => {
  const owner = postgres.storage.saver();
  await owner.saveData(rows(1, 2), "hidden");
  await sql(`CREATE ROLE half LOGIN PASSWORD 'half'; GRANT ALL ON hidden TO half; ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
    CREATE POLICY part ON hidden USING (id = 1) WITH CHECK (true)`);
  const url = new URL((await postgres.storage.embeddedUrl()) ?? "");
  const server = {
    DB_EMBEDDED: "never",
    DB_SERVER: url.hostname,
    DB_PORT: Number(url.port),
    DB_NAME: url.pathname.slice(1),
  };
  const { FS_DATA, FS_TEMP } = postgres.config;
  const config = parseConfig({ ...server, DB_USER: "half", DB_PASSWORD: "half", FS_DATA, FS_TEMP });
  const guest = new PostgresStorage({ config, logger: listeningLogger().logger });
  onTestFinished(() => guest.close());
  await expect(guest.saver().saveData(rows(7), "hidden")).rejects.toMatchObject({
    name: "SaveError",
    hint: expect.stringContaining("owner"),
  });
  expect(await sql("SELECT id FROM hidden ORDER BY 1")).toEqual([{ id: 1 }, { id: 2 }]);
});

test("the server's own schemas are read, and never saved to, deleted from or restored into", async () => {
  const { storage } = postgres;
  const saver = storage.saver();
  await saver.saveData(rows(1), "not_there");
  const [, location] = await storage.backup().backupData("not_there");
  for (const schema of ["information_schema", "pg_catalog", "pg_temp", "pg_toast"]) {
    const refused = {
      name: "InvalidNameError",
      message: expect.stringContaining(`keeps the schema ${schema} for itself`),
    };
    await expect(saver.saveData(rows(1), `${schema}.mine`)).rejects.toMatchObject(refused);
    await expect(saver.planSchema(rows(1), `${schema}.mine`)).rejects.toMatchObject(refused);
    await expect(saver.deleteData(`${schema}.mine`)).rejects.toMatchObject(refused);
    await expect(storage.backup().restoreData(location ?? "", `${schema}.mine`)).rejects.toMatchObject(refused);
  }
  const read = await storage.source().getData("information_schema.schemata", { columns: ["schema_name"] });
  expect(read.getColumn("schema_name").toArray()).toContain("public");
});

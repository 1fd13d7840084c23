import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { parseConfig } from "../../../src/config/load.ts";
import { frame } from "../../../src/frame/frame.ts";
import { records } from "../../../src/frame/records.ts";
import { schemaOf } from "../../../src/frame/schema.ts";
import { embeddedUrl, PostgresStorage } from "../../../src/storages/postgres/index.ts";
import { listeningLogger, openPostgres } from "./open.ts";

const postgres = openPostgres();
const rows = frame({ a: [1] }, { a: "int32" });

/** The embedded server, reached by name as any other server would be. */
async function named(more: Record<string, unknown> = {}) {
  const url = new URL((await embeddedUrl(postgres.config)) ?? "");
  const address = {
    DB_SERVER: url.hostname,
    DB_PORT: Number(url.port),
    DB_USER: url.username,
    DB_PASSWORD: url.password,
  };
  const { FS_DATA, FS_TEMP, DB_NAME } = postgres.config;
  const config = parseConfig({
    FS_DATA,
    FS_TEMP,
    DB_NAME,
    ...address,
    DB_EMBEDDED: "never",
    LOCK_TIMEOUT: "300ms",
    ...more,
  });
  const { lines, logger } = listeningLogger();
  const storage = new PostgresStorage({ config, logger });
  onTestFinished(() => storage.close());
  return { storage, config, lines };
}

test("a server that is named is used, and a missing database is made", async () => {
  const { storage } = await named({ DB_NAME: 'made "here"' });
  await storage.saver().saveData(rows, "first");
  expect(records(await storage.source().getData("first"))).toEqual([{ a: 1 }]);
});

test("a user who may not make the database is told the statement", async () => {
  await postgres.sql("CREATE ROLE poor LOGIN PASSWORD 'poor'");
  const { storage } = await named({ DB_NAME: "unmade", DB_USER: "poor", DB_PASSWORD: "poor" });
  await expect(storage.source().listSources()).rejects.toMatchObject({
    code: "ACCESS_DENIED",
    hint: expect.stringContaining('CREATE DATABASE "unmade"'),
  });
});

test("without the right to make the schema millrace, a frame is saved, PostgreSQL's own types count, and the log says so", async () => {
  const name = "no_rights";
  await postgres.sql(`CREATE DATABASE ${name}`);
  await postgres.sql("CREATE ROLE writer LOGIN PASSWORD 'writer'");
  const owner = await named({ DB_NAME: name });
  await owner.storage.source().listSources();
  const { storage, lines } = await named({ DB_NAME: name, DB_USER: "writer", DB_PASSWORD: "writer" });
  await expect(storage.saver().saveData(rows, "plain")).rejects.toMatchObject({ code: "ACCESS_DENIED" });
  const url = new URL((await embeddedUrl(postgres.config)) ?? "");
  url.pathname = `/${name}`;
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  await client.query("GRANT CREATE ON SCHEMA public TO writer");
  await client.end();
  await storage.saver().saveData(rows, "plain");
  expect(records(await storage.source().getData("plain"))).toEqual([{ a: 1 }]);
  expect(lines.join("\n")).not.toContain("schema millrace");
  const saved = frame({ n: [3, 1, 2], s: [{ a: 1 }, null, null] }, { n: "uint8", s: 'struct{"a": int32}?' });
  await storage.saver().saveData(saved, "plainly", { keepOrder: true });
  const found = await storage.source().getData("plainly");
  expect(schemaOf(found).fields.map(({ type }) => type)).toEqual(["int16", "string"]);
  expect(records(found)).toEqual([
    { n: 3, s: '{"a":1}' },
    { n: 1, s: null },
    { n: 2, s: null },
  ]);
  expect(lines.join("\n")).toMatch(/"n" \(uint8\) as int16, "s" \(.*\) as string.*GRANT CREATE/);
  await storage.saver().saveData(saved, "plainly", { mode: "append" });
  expect((await storage.source().getData("plainly")).height).toBe(6);
});

test("a wrong password and a server that is down are typed errors without the password", async () => {
  const wrong = await named({ DB_PASSWORD: "s3cret-wrong" });
  const denied = await wrong.storage
    .source()
    .getData("x")
    .catch((error: unknown) => error);
  expect(denied).toMatchObject({ name: "UnavailableError", code: "ACCESS_DENIED", retryable: false });
  expect(JSON.stringify([String(denied), wrong.lines])).not.toContain("s3cret");
  const door = createServer();
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  const { port } = door.address() as { port: number };
  await new Promise((resolve) => door.close(resolve));
  const down = await named({ DB_PORT: port });
  const error = await down.storage
    .saver()
    .saveData(rows, "x")
    .catch((cause: unknown) => cause);
  expect(error).toMatchObject({
    code: "STORAGE_UNAVAILABLE",
    retryable: true,
    message: expect.stringContaining(`127.0.0.1:${port}`),
  });
  expect(await down.storage.source().healthCheck()).toBe(false);
  expect(await wrong.storage.source().healthCheck()).toBe(false);
});

test("a connection that breaks in the middle of a save undoes it, and the next save works", async () => {
  const { storage } = await named();
  await storage.saver().saveData(rows, "broken");
  async function* batches() {
    yield rows;
    await postgres.sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'millrace' AND state <> 'idle'",
    );
    for (let n = 0; n < 500; n++) yield frame({ a: Array.from({ length: 2_000 }, () => n) }, { a: "int32" });
  }
  await expect(storage.saver().saveBatches(batches(), "broken")).rejects.toMatchObject({ name: "UnavailableError" });
  expect(records(await storage.source().getData("broken"))).toEqual([{ a: 1 }]);
  await storage.saver().saveData(frame({ a: [2] }, { a: "int32" }), "broken");
  expect(records(await storage.source().getData("broken"))).toEqual([{ a: 2 }]);
});

test("a table that another program holds is waited for no longer than LOCK_TIMEOUT", async () => {
  const { storage } = await named();
  await storage.saver().saveData(rows, "held");
  await postgres.sql("BEGIN");
  await postgres.sql("LOCK TABLE held IN ACCESS EXCLUSIVE MODE");
  await expect(storage.saver().saveData(rows, "held")).rejects.toMatchObject({ name: "ConflictError", code: "LOCKED" });
  await postgres.sql("ROLLBACK");
  await storage.saver().saveData(frame({ a: [5] }, { a: "int32" }), "held");
  expect(records(await storage.source().getData("held"))).toEqual([{ a: 5 }]);
});

import { chmod, chown, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { frame } from "../../../src/frame/frame.ts";
import { records } from "../../../src/frame/records.ts";
import { PostgresStorage } from "../../../src/storages/postgres/index.ts";
import { smallDisk } from "../../system/disk.ts";
import { listeningLogger } from "./open.ts";
import { LossyProxy } from "./proxy.ts";
import { findPrograms, TestServer } from "./server.ts";

const rows = (...ids: number[]) => frame({ id: ids }, { id: "int32" });
const many = (part: number) => rows(...Array.from({ length: 20_000 }, (_, n) => part * 20_000 + n));

describe.each(findPrograms())("a fault of $title", (programs) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start(programs, { max_connections: "40" });
  });
  afterAll(() => server.stop());

  function open(more: Record<string, unknown> = {}) {
    const { logger, lines } = listeningLogger();
    const storage = new PostgresStorage({ config: server.config({ LOCK_TIMEOUT: "300ms", ...more }), logger });
    onTestFinished(() => storage.close());
    const read = async (name: string) => records(await storage.source().getData(name)).map(({ id }) => id);
    return { storage, saver: storage.saver(), read, lines };
  }

  /** The old rows are whole, nothing stray is left, and the next save works. */
  async function expectWhole({ saver, read }: ReturnType<typeof open>, name: string, old: number[]) {
    expect(await read(name)).toEqual(old);
    await saver.saveData(rows(99), name);
    expect(await read(name)).toEqual([99]);
    const stray = await server.sql("SELECT relname FROM pg_class WHERE relname LIKE 'millrace_staging%'");
    expect(stray).toEqual([]);
  }

  test.each(["replace", "append", "upsert"] as const)("in the middle of a %s: it is started anew", async (mode) => {
    const opened = open();
    const name = `restarted ${mode}`;
    await opened.saver.saveData(rows(1, 2), name, { key: ["id"] });
    async function* batches() {
      for (let id = 10; id < 20; id++) yield many(id);
      await server.restart();
      for (let id = 20; id < 60; id++) yield many(id);
    }
    const options = mode === "upsert" ? { mode, key: ["id"] as const } : { mode };
    await expect(opened.saver.saveBatches(batches(), name, options)).rejects.toMatchObject({
      name: "UnavailableError",
      code: "STORAGE_UNAVAILABLE",
      retryable: true,
    });
    await expectWhole(opened, name, [1, 2]);
  });

  test("while it starts: a connection is tried again", async () => {
    const opened = open();
    await opened.saver.saveData(rows(1), "starting");
    const proxy = await LossyProxy.to(server.port);
    onTestFinished(() => proxy.stop());
    proxy.closed = true;
    const late = open({ DB_PORT: proxy.port });
    setTimeout(() => {
      proxy.closed = false;
    }, 50);
    expect(await late.read("starting")).toEqual([1]);
  });

  describe("at COMMIT", () => {
    async function behindProxy() {
      const proxy = await LossyProxy.to(server.port);
      onTestFinished(() => proxy.stop());
      return { proxy, opened: open({ DB_PORT: proxy.port }) };
    }

    test("whose reply is lost: the save counts as done, since the server says so", async () => {
      const { proxy, opened } = await behindProxy();
      await opened.saver.saveData(rows(1), "reply lost");
      let lost = 0;
      proxy.onMessage = (text) => (/\bCOMMIT\b/.test(text) && lost++ === 0 ? "cut reply" : "pass");
      expect(await opened.saver.saveData(rows(2), "reply lost", { mode: "append" })).toBe(true);
      expect(lost).toBeGreaterThan(0);
      expect(await opened.read("reply lost")).toEqual([1, 2]);
      lost = 0;
      expect(await opened.saver.deleteData("reply lost")).toBe(true);
      expect(await opened.saver.deleteData("reply lost")).toBe(false);
    });

    test("that never arrives: the save failed, may be tried again, and nothing changed", async () => {
      const { proxy, opened } = await behindProxy();
      await opened.saver.saveData(rows(1), "never arrived");
      let lost = 0;
      proxy.onMessage = (text) => (/\bCOMMIT\b/.test(text) && lost++ === 0 ? "cut" : "pass");
      await expect(opened.saver.saveData(rows(2), "never arrived")).rejects.toMatchObject({
        name: "UnavailableError",
        retryable: true,
      });
      expect(lost).toBe(1);
      await expectWhole(opened, "never arrived", [1]);
    });

    test("after which the server stays away: the outcome is told to be unknown, and never tried again", async () => {
      const { proxy, opened } = await behindProxy();
      await opened.saver.saveData(rows(1), "unknown");
      const controller = new AbortController();
      proxy.onMessage = (text) => {
        if (!/\bCOMMIT\b/.test(text)) return "pass";
        proxy.closed = true;
        setTimeout(() => controller.abort(), 200);
        return "cut reply";
      };
      await expect(opened.saver.saveData(rows(2), "unknown", { signal: controller.signal })).rejects.toMatchObject({
        name: "SaveError",
        code: "OUTCOME_UNKNOWN",
        retryable: false,
        hint: expect.stringContaining("Read the table"),
      });
      proxy.closed = false;
      proxy.onMessage = () => "pass";
      await expectWhole(opened, "unknown", [2]);
    });
  });

  test("that another transaction came between is tried again, but only that", async () => {
    const opened = open();
    await opened.saver.saveData(rows(1), "between");
    await server.sql(`CREATE SEQUENCE tries; CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('tries') < 3 THEN RAISE EXCEPTION 'came between' USING ERRCODE = TG_ARGV[0]; END IF; RETURN NULL; END $$`);
    await server.sql("CREATE TRIGGER t AFTER INSERT ON between FOR EACH STATEMENT EXECUTE FUNCTION stumble('40001')");
    await opened.saver.saveData(rows(2), "between", { mode: "append" });
    expect(await opened.read("between")).toEqual([1, 2]);
    expect(await server.sql("SELECT last_value::int AS n FROM tries")).toEqual([{ n: 3 }]);
    await server.sql("SELECT setval('tries', 1, false); DROP TRIGGER t ON between");
    await server.sql("CREATE TRIGGER t AFTER INSERT ON between FOR EACH STATEMENT EXECUTE FUNCTION stumble('22000')");
    await expect(opened.saver.saveData(rows(3), "between", { mode: "append" })).rejects.toMatchObject({
      name: "SaveError",
    });
    expect(await server.sql("SELECT last_value::int AS n FROM tries")).toEqual([{ n: 1 }]);
  });

  test("lock held by somebody else: the wait is bounded, and the holder is named", async () => {
    const opened = open();
    await opened.saver.saveData(rows(1), "held");
    const holder = await server.connect();
    onTestFinished(() => holder.end());
    await holder.query("BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE");
    const {
      rows: [own],
    } = await holder.query("SELECT pg_backend_pid() AS pid");
    const held = {
      name: "ConflictError",
      code: "LOCKED",
      message: expect.stringMatching(new RegExp(`another .*process ${own.pid}, user postgres, idle in transaction`)),
    };
    await expect(opened.saver.saveData(rows(2), "held")).rejects.toMatchObject(held);
    await expect(opened.saver.deleteData("held")).rejects.toMatchObject(held);
    await expect(opened.storage.source().getData("held")).rejects.toMatchObject(held);
    await holder.query("ROLLBACK");
    await expectWhole(opened, "held", [1]);
  });

  test("that takes too long ends at DB_STATEMENT_TIMEOUT", async () => {
    const opened = open({ DB_STATEMENT_TIMEOUT: "200ms" });
    await opened.saver.saveData(rows(1), "slow");
    await server.sql(
      "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); RETURN NEW; END $$",
    );
    await server.sql("CREATE TRIGGER t BEFORE INSERT ON slow FOR EACH ROW WHEN (NEW.id = 2) EXECUTE FUNCTION dawdle()");
    await expect(opened.saver.saveData(rows(2), "slow")).rejects.toMatchObject({
      name: "SaveError",
      hint: expect.stringContaining("DB_STATEMENT_TIMEOUT"),
    });
    await expect(opened.storage.source().query("SELECT pg_sleep(30)")).rejects.toMatchObject({
      name: "UnavailableError",
    });
    await expectWhole(opened, "slow", [1]);
  });

  test("missing right: to create a table, to write into one, to read one", async () => {
    const owner = open();
    await owner.saver.saveData(rows(1), "not yours");
    await server.sql("CREATE ROLE guest LOGIN PASSWORD 'guest'; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    const { saver, storage } = open({ DB_USER: "guest", DB_PASSWORD: "guest" });
    const denied = { name: "UnavailableError", code: "ACCESS_DENIED", retryable: false };
    await expect(saver.saveData(rows(2), "mine")).rejects.toMatchObject(denied);
    await expect(saver.saveData(rows(2), "not yours")).rejects.toMatchObject(denied);
    await expect(storage.source().getData("not yours")).rejects.toMatchObject(denied);
    await expectWhole(owner, "not yours", [1]);
  });

  test("wrong password: the error names neither it nor the right one, and is not tried again", async () => {
    const opened = open();
    await opened.saver.saveData(rows(1), "locked out");
    const { saver, lines } = open({ DB_PASSWORD: "hunter2" });
    const error = await saver.saveData(rows(2), "locked out").catch((cause: Error) => cause);
    expect(error).toMatchObject({ name: "UnavailableError", code: "ACCESS_DENIED", retryable: false });
    expect(`${inspect(error, { depth: 9 })} ${lines.join(" ")}`).not.toMatch(/hunter2/);
    await expectWhole(opened, "locked out", [1]);
  });

  test("name that holds SQL reaches nothing but its own table", async () => {
    const opened = open();
    await opened.saver.saveData(rows(1), "precious");
    const refused = opened.saver.saveData(rows(7), '"; DROP TABLE precious; --');
    await expect(refused).rejects.toMatchObject({ name: "InvalidNameError" });
    const name = "'); DROP TABLE precious; --";
    const columns = frame({ id: [7], '"); DROP TABLE precious; --': ["'; DROP TABLE precious; --"] });
    await opened.saver.saveData(columns, name);
    await opened.saver.saveData(columns, name, { mode: "upsert", key: ['"); DROP TABLE precious; --'] });
    expect(records(await opened.storage.source().getData(name))).toEqual(records(columns));
    expect(await opened.saver.deleteData(name)).toBe(true);
    await expectWhole(opened, "precious", [1]);
  });

  test("text with a NUL is refused with its column and row, in every mode", async () => {
    const opened = open();
    const texts = (...note: string[]) => frame({ id: note.map((_, id) => id), note }, { id: "int32", note: "string" });
    await opened.saver.saveData(texts("a"), "with NUL", { key: ["id"] });
    for (const mode of ["replace", "append", "upsert"] as const) {
      const options = mode === "upsert" ? { mode, key: ["id"] as const } : { mode };
      await expect(opened.saver.saveData(texts("b", "c\0d"), "with NUL", options)).rejects.toMatchObject({
        name: "FidelityError",
        message: expect.stringContaining('Column "note", row 2'),
        hint: expect.stringContaining("Remove the NUL"),
      });
    }
    expect(records(await opened.storage.source().getData("with NUL"))).toEqual([{ id: 0, note: "a" }]);
    await opened.saver.saveData(texts("e"), "with NUL");
    expect(records(await opened.storage.source().getData("with NUL"))).toEqual([{ id: 0, note: "e" }]);
  });

  test("column that changed its type between the plan and the save: the save goes by what is there, or is refused", async () => {
    const opened = open();
    const change = async function* (type: string) {
      yield rows(3);
      await server.sql(`ALTER TABLE changed ALTER COLUMN id TYPE ${type} USING id::text::${type}`);
      yield rows(4);
    };
    await opened.saver.saveData(rows(1), "changed", { key: ["id"] });
    const upsert = { mode: "upsert", key: ["id"] } as const;
    await opened.saver.saveBatches(change("bigint"), "changed", upsert);
    expect(await server.sql("SELECT id::int FROM changed ORDER BY 1")).toEqual([{ id: 1 }, { id: 3 }, { id: 4 }]);
    await expect(opened.saver.saveBatches(change("text"), "changed", upsert)).rejects.toMatchObject({
      name: "SchemaError",
    });
    expect(await server.sql("SELECT count(*)::int AS n FROM changed")).toEqual([{ n: 3 }]);
  });

  test.runIf(process.geteuid?.() === 0)("full disk", async () => {
    const disk = await smallDisk("6m");
    if (!disk) return;
    const ballast = join(disk, "ballast");
    await writeFile(ballast, Buffer.alloc(1 << 20));
    await chown(disk, 65534, 65534);
    await chmod(disk, 0o700);
    await server.sql(`CREATE TABLESPACE small LOCATION '${disk}'`);
    onTestFinished(async () => {
      await server.sql("DROP TABLE IF EXISTS crowded");
      await server.sql("DROP TABLESPACE small");
    });
    const opened = open();
    await server.sql("CREATE TABLE crowded (id int) TABLESPACE small; INSERT INTO crowded VALUES (1)");
    async function* batches() {
      for (let id = 0; id < 30; id++) yield many(id);
    }
    await expect(opened.saver.saveBatches(batches(), "crowded")).rejects.toMatchObject({
      name: "SaveError",
      code: "DISK_FULL",
    });
    await rm(ballast);
    await expectWhole(opened, "crowded", [1]);
  });
});

import { describe, expect, onTestFinished, test } from "vitest";
import { parseConfig } from "../../../src/config/load.ts";
import { frame } from "../../../src/frame/frame.ts";
import { records } from "../../../src/frame/records.ts";
import { embeddedUrl, type PostgresSaveOptions, PostgresStorage } from "../../../src/storages/postgres/index.ts";
import { samples } from "../../frame/samples.ts";
import { listeningLogger, openPostgres } from "./open.ts";

const postgres = openPostgres();
const { sql } = postgres;
const read = async (name: string) => records(await postgres.storage.source().getData(name));

describe("a column with a precision, which would round what is saved", () => {
  const types = {
    id: "int32",
    t: "time",
    at: "datetime[us]",
    z: "datetime[us, UTC]",
    d: "duration[us]",
    l: "list[time]",
  };
  const rows = frame(
    {
      ...{ id: [1], t: ["00:00:00.6"], at: ["2024-01-01T00:00:00.600001"], z: ["2024-01-01T00:00:00.6Z"] },
      ...{ d: [600_001n], l: [["00:00:00.6"]] },
    },
    types,
  );
  const round = (name: string) =>
    sql(`ALTER TABLE ${name} ALTER t TYPE time(0), ALTER at TYPE timestamp(0), ALTER z TYPE timestamptz(2),
      ALTER d TYPE interval(0), ALTER l TYPE time(0)[]`);

  test.each([{ mode: "replace" }, { mode: "append" }, { mode: "upsert", key: ["id"] }] satisfies PostgresSaveOptions[])(
    "becomes one without in a save of $mode",
    async (options) => {
      const name = `round_${options.mode}`;
      const saver = postgres.storage.saver();
      await saver.saveData(rows, name);
      await round(name);
      if (options.mode === "append") await sql(`DELETE FROM ${name}`);
      const { statements } = await saver.planSchema(rows, name, options);
      expect(statements.filter(({ reason }) => /rounds/.test(reason))).toHaveLength(5);
      await saver.saveData(rows, name, options);
      expect(await sql(`SELECT t::text, at::text, z::text, d::text, l::text FROM ${name}`)).toEqual([
        {
          ...{ t: "00:00:00.6", at: "2024-01-01 00:00:00.600001", z: "2024-01-01 00:00:00.6+00" },
          ...{ d: "00:00:00.600001", l: "{00:00:00.6}" },
        },
      ]);
      await saver.saveData(rows, name, { ...options, mode: "replace" });
      expect(await read(name)).toEqual(records(rows));
    },
  );

  test("is refused with the SQL when the schema is frozen, or a view shows it", async () => {
    const saver = postgres.storage.saver();
    const times = frame({ t: ["00:00:00.6"] }, { t: "time" });
    await saver.saveData(times, "round_frozen");
    await sql("ALTER TABLE round_frozen ALTER t TYPE time(0)");
    await expect(saver.saveData(times, "round_frozen", { schemaChange: "freeze" })).rejects.toMatchObject({
      name: "SchemaError",
      message: expect.stringContaining('ALTER COLUMN "t" TYPE time without time zone;'),
    });
    await sql("CREATE VIEW round_view AS SELECT t FROM round_frozen");
    await expect(saver.saveData(times, "round_frozen")).rejects.toThrow(/DROP VIEW public.round_view/);
    await sql("DROP VIEW round_view; ALTER TABLE round_frozen ALTER t TYPE time(6)");
    await saver.saveData(times, "round_frozen", { schemaChange: "freeze" });
    expect(await read("round_frozen")).toEqual(records(times));
  });
});

test("a backup is not restored into a column that would round its values", async () => {
  const { storage } = postgres;
  await storage.saver().saveData(frame({ t: ["00:00:00.6"] }, { t: "time" }), "round_backup");
  const [, location] = await storage.backup().backupData("round_backup");
  await sql("ALTER TABLE round_backup ALTER t TYPE time(0)");
  await expect(storage.backup().restoreData(location ?? "")).rejects.toMatchObject({ name: "SchemaError" });
  await sql("ALTER TABLE round_backup ALTER t TYPE time");
  await storage.backup().restoreData(location ?? "");
  expect(await sql("SELECT t::text FROM round_backup")).toEqual([{ t: "00:00:00.6" }]);
});

describe("an upsert", () => {
  const rows = (id: number[], v: string) => frame({ id, v: id.map(() => v) }, { id: "int32", v: "string" });
  const order = async (name: string) => (await read(name)).map(({ id, v }) => `${id}${v}`);
  const upsert = { mode: "upsert", key: ["id"] } as const;

  test("leaves replaced rows in their place with keepOrder, and adds new ones at the end", async () => {
    const saver = postgres.storage.saver();
    await saver.saveData(rows([3, 1, 2], "a"), "placed", { key: ["id"], keepOrder: true });
    await saver.saveData(rows([2, 0, 1], "b"), "placed", upsert);
    expect(await order("placed")).toEqual(["3a", "1b", "2b", "0b"]);
    await sql("CREATE TABLE pointing AS SELECT 1 AS id; ALTER TABLE pointing ADD FOREIGN KEY (id) REFERENCES placed");
    await saver.saveData(rows([0, 1], "c"), "placed", { key: ["id"], keepOrder: true });
    expect(await order("placed")).toEqual(["0c", "1c"]);
  });

  test("puts new rows behind those that had no order before", async () => {
    const saver = postgres.storage.saver();
    await saver.saveData(rows([5], "a"), "unplaced", { key: ["id"] });
    await saver.saveData(rows([1, 5], "b"), "unplaced", { ...upsert, keepOrder: true });
    expect(await order("unplaced")).toEqual(["5b", "1b"]);
  });

  test("gives the key as it stands in the frame, where two that are the same look different", async () => {
    const saver = postgres.storage.saver();
    const keys = (k: number) => frame({ k: [k], l: [[k]] }, { k: "float64", l: "list[float32]" });
    for (const key of [["k"], ["l"], ["k", "l"]] as [string, ...string[]][]) {
      const name = `negative ${key.join("")}`;
      await saver.saveData(keys(0), name, { key });
      await saver.saveData(keys(-0), name, { mode: "upsert", key });
      expect(await read(name)).toEqual([{ k: -0, l: [-0] }]);
    }
  });
});

describe("a table of another program", () => {
  const texts = frame({ v: ["long  "], c: ["É"], l: [["x "]] }, { v: "string", c: 'enum["É"]', l: "list[string]" });

  test("takes texts where it holds any, in an append, a replace and an upsert", async () => {
    const saver = postgres.storage.saver();
    await sql(`CREATE EXTENSION citext;
      CREATE TABLE worded (v varchar, c citext, l varchar[]); INSERT INTO worded VALUES ('a', 'b', '{}')`);
    await saver.saveData(texts, "worded", { mode: "append" });
    expect(await read("worded")).toContainEqual({ v: "long  ", c: "É", l: ["x "] });
    await saver.saveData(texts, "worded");
    expect(await read("worded")).toEqual(records(texts));
    const lower = frame({ c: ["é"], v: ["next"] }, { c: "string", v: "string" });
    await saver.saveData(lower, "worded", { mode: "upsert", key: ["c"] });
    expect(await read("worded")).toEqual([{ v: "next", c: "é", l: null }]);
    expect(await sql("SELECT data_type FROM information_schema.columns WHERE table_name = 'worded'")).toEqual(
      ["character varying", "USER-DEFINED", "ARRAY"].map((data_type) => ({ data_type })),
    );
  });

  test.each(["varchar(3)", "char(3)"])("with a %s takes no texts, and the error says why", async (type) => {
    await sql(`DROP TABLE IF EXISTS bounded; CREATE TABLE bounded (v ${type})`);
    for (const options of [{ mode: "append" }, { mode: "replace" }, { schemaChange: "freeze" }] as const) {
      const save = postgres.storage.saver().saveData(frame({ v: ["x"] }, { v: "string" }), "bounded", options);
      await expect(save).rejects.toThrow(/in the table character.*\(3\), which cuts blanks/);
    }
  });

  test("takes decimals and whole numbers into a numeric without bounds, and tells the real type of what takes nothing", async () => {
    const saver = postgres.storage.saver();
    await sql(
      "CREATE DOMAIN positive AS int; CREATE TABLE unbounded (n numeric, p positive); INSERT INTO unbounded VALUES (1.5)",
    );
    for (const [type, value] of [
      ["decimal(38, 2)", `${"9".repeat(36)}.25`],
      ["int64", -(2n ** 63n)],
      ["uint64", 2n ** 64n - 1n],
    ] as const) {
      await saver.saveData(frame({ n: [value] }, { n: type }), "unbounded", { mode: "append" });
    }
    expect((await read("unbounded")).map(({ n }) => n)).toEqual(
      expect.arrayContaining(["1.5", `${"9".repeat(36)}.25`, `${-(2n ** 63n)}`, `${2n ** 64n - 1n}`]),
    );
    const append = { mode: "append" } as const;
    await expect(saver.saveData(frame({ n: [1.5] }, { n: "float64" }), "unbounded", append)).rejects.toThrow(
      /"n" is float64, in the table numeric/,
    );
    await expect(saver.saveData(frame({ p: [1] }, { p: "int32" }), "unbounded", append)).rejects.toThrow(
      /"p" is int32, in the table positive/,
    );
  });
});

test("without the right to make the schema millrace the same frame can be added again, also when the schema is frozen", async () => {
  await sql("CREATE ROLE guest LOGIN PASSWORD 'guest'; CREATE SCHEMA theirs AUTHORIZATION guest");
  await sql("REVOKE ALL ON SCHEMA millrace FROM PUBLIC, guest");
  const { hostname, port, pathname } = new URL((await embeddedUrl(postgres.config)) ?? "");
  const guest = new PostgresStorage({
    config: parseConfig({
      ...{ DB_SERVER: hostname, DB_PORT: port, DB_NAME: pathname.slice(1), DB_USER: "guest", DB_PASSWORD: "guest" },
      ...{ DB_SCHEMA: "theirs", DB_EMBEDDED: "never" },
    }),
    logger: listeningLogger().logger,
  });
  onTestFinished(() => guest.close());
  const coarse = {
    "datetime[ns]": "2024-01-01T00:00:00.000001",
    "datetime[ns, America/New_York]": "2024-01-01T00:00:00.000001Z",
    "datetime[ms, America/New_York]": "2024-01-01T00:00:00.001Z",
    "list[uint8]": [1, null],
    "array[uint8, 2]": [1, 2],
    "list[uint64]": [2n ** 64n - 1n],
    time: "00:00:00.000001",
    "duration[ms]": 5n,
    "duration[ns]": 1_000n,
  };
  const values = { ...Object.fromEntries(Object.entries(samples).map(([type, all]) => [type, all[0]])), ...coarse };
  const rows = frame(
    Object.fromEntries(Object.entries(values).map(([type, value]) => [type, [value]])),
    Object.fromEntries(Object.keys(values).map((type) => [type, `${type}?`])),
  );
  await guest.saver().saveData(rows, "plain");
  await guest.saver().saveData(rows, "plain", { mode: "append" });
  await guest.saver().saveData(rows, "plain", { mode: "append", schemaChange: "freeze" });
  const [first, ...others] = records(await guest.source().getData("plain"));
  expect(others).toEqual([first, first]);
});

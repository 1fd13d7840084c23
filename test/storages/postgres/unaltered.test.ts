import { describe, expect, test } from "vitest";
import { frame } from "../../../src/frame/frame.ts";
import { records } from "../../../src/frame/records.ts";
import type { PostgresSaveOptions } from "../../../src/storages/postgres/index.ts";
import { openPostgres } from "./open.ts";

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

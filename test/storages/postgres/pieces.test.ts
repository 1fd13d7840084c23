import { expect, test } from "vitest";
import { frame } from "../../../src/frame/frame.ts";
import { pl } from "../../../src/frame/polars.ts";
import { records } from "../../../src/frame/records.ts";
import { schemaOf } from "../../../src/frame/schema.ts";
import { openPostgres } from "./open.ts";

const postgres = openPostgres();
const { sql } = postgres;

/** A column of this many rows goes to the server in two pieces. */
const rows = 1_100_000;
const numbers = () => pl.DataFrame({ n: pl.Series(Float64Array.from({ length: rows }, (_, row) => row)) });

test("a frame of several pieces is saved whole, in its order, and progress is told on the way", async () => {
  const told: number[] = [];
  const onProgress = ({ rows }: { rows: number }) => void told.push(rows);
  await postgres.storage.saver().saveData(numbers(), "pieces", { keepOrder: true, onProgress });
  expect(told.length).toBeGreaterThan(1);
  expect(told.at(-1)).toBe(rows);
  expect(await sql("SELECT count(*)::int AS rows, bool_and(n = millrace_row) AS in_order FROM pieces")).toEqual([
    { rows, in_order: true },
  ]);
});

test("a value that can't be held is named by its row in the whole frame, and undoes all pieces", async () => {
  const name = pl
    .when(pl.col("n").eq(rows - 2))
    .then(pl.lit("a\0b"))
    .otherwise(pl.lit("a"))
    .alias("n");
  const bad = await numbers().lazy().select(name).collect();
  const saver = postgres.storage.saver();
  await saver.saveData(frame({ n: ["old"] }), "pieces_refused");
  await expect(saver.saveData(bad, "pieces_refused")).rejects.toThrow(`row ${rows - 1},`);
  expect(await sql("SELECT n FROM pieces_refused")).toEqual([{ n: "old" }]);
});

test("what is done to a frame while it is being saved changes nothing", async () => {
  const data = numbers();
  const saving = postgres.storage.saver().saveData(data, "pieces_meanwhile");
  data.replaceAtIdx(0, pl.Series("n", new Float64Array(rows).fill(-1)));
  await saving;
  expect(await sql("SELECT min(n) AS least FROM pieces_meanwhile")).toEqual([{ least: 0 }]);
});

test("a saver of batches asks for the next one while the server takes the one before, and never for two", async () => {
  const events: string[] = [];
  async function* batches() {
    for (const n of [1, 2, 3]) {
      events.push(`asked for ${n}`);
      yield frame({ n: [n] }, { n: "int32" });
    }
  }
  const onProgress = ({ rows }: { rows: number }) => void events.push(`sent ${rows}`);
  await postgres.storage.saver().saveBatches(batches(), "pieces_ahead", { onProgress });
  expect(events).toEqual(["asked for 1", "asked for 2", "sent 1", "asked for 3", "sent 2", "sent 3"]);
});

test("a table that is read in several parts comes back whole, in the frame's own types", async () => {
  const saved = frame(
    {
      ...{
        kind: ["a", "b", null],
        word: ["x", null, "y"],
        list: [[1, null], [], null],
        box: [{ a: 1 }, null, { a: 2 }],
      },
      ...{ price: ["1.50", null, "-2.25"], at: ["2024-07-01T00:00:00Z", null, "1969-12-31T23:59:59.999999Z"] },
      ...{ none: [null, null, null], pad: ["p".repeat(500), "q".repeat(500), "r".repeat(500)] },
    },
    {
      ...{ kind: 'enum["b", "a"]?', word: "categorical?", list: "list[int16]?", box: 'struct{"a": int32}?' },
      ...{ price: "decimal(8, 2)?", at: "datetime[us, Europe/Berlin]?", none: "null", pad: "string" },
    },
  );
  await postgres.storage.saver().saveData(saved, "parts");
  await sql("INSERT INTO parts SELECT p.* FROM parts p, generate_series(1, 49999)");
  const read = await postgres.storage.source().getData("parts");
  expect(schemaOf(read)).toEqual(schemaOf(saved));
  expect(read.height).toBe(150_000);
  for (const [n, row] of records(saved).entries()) {
    const same = read.filter(pl.col("pad").eq(pl.lit(row.pad as string)));
    expect(same.height).toBe(50_000);
    expect(records(same.slice(49_999 - n, 1))).toEqual([row]);
    expect(records(same.slice(n, 1))).toEqual([row]);
  }
});

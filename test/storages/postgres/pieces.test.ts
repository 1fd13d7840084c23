import { expect, test } from "vitest";
import { frame } from "../../../src/frame/frame.ts";
import { pl } from "../../../src/frame/polars.ts";
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

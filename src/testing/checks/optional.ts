import assert from "node:assert/strict";
import type { DataFrame } from "nodejs-polars";
import { concatFrames } from "../../frame/batches.ts";
import { schemaOf } from "../../frame/schema.ts";
import { type Bench, rejects } from "../check.ts";
import { prices } from "../samples.ts";

type Rules = Record<string, (bench: Bench) => Promise<void>>;

/** The optional interfaces, asked only of storages that have the method. */
export const optional: Record<"getBatches" | "saveBatches" | "describe" | "deleteData", Rules> = {
  getBatches: {
    async "gives a frame in batches that add up to the whole"(bench) {
      const saved = prices(1_000);
      await bench.saver.saveData(saved, bench.name());
      assert(bench.source.getBatches);
      const batches: DataFrame[] = [];
      for await (const batch of bench.source.getBatches(bench.name(), { batchRows: 300 })) {
        assert(batch.height <= 300, `a batch of ${batch.height} rows`);
        batches.push(batch);
      }
      await bench.same(concatFrames(batches), saved);
    },

    async "can be left in the middle of the batches"(bench) {
      await bench.saver.saveData(prices(1_000), bench.name());
      assert(bench.source.getBatches);
      for await (const batch of bench.source.getBatches(bench.name(), { batchRows: 100 })) {
        assert(batch.height > 0);
        break;
      }
      await bench.saver.saveData(prices(3), bench.name());
      await bench.holds(bench.name(), prices(3));
    },
  },

  saveBatches: {
    async "saves batches as one frame"(bench) {
      const whole = prices(900);
      assert(bench.saver.saveBatches);
      assert.equal(await bench.saver.saveBatches(inBatches(whole, 250), bench.name()), true);
      await bench.holds(bench.name(), whole);
    },

    async "keeps the old frame when a batch fails"(bench) {
      await bench.saver.saveData(prices(5), bench.name());
      assert(bench.saver.saveBatches);
      const failure = new Error("the source broke");
      async function* broken() {
        yield prices(300, 2);
        throw failure;
      }
      await assert.rejects(bench.saver.saveBatches(broken(), bench.name()));
      await bench.holds(bench.name(), prices(5));
    },

    async "refuses no batches without a schema, and with one saves an empty frame"(bench) {
      assert(bench.saver.saveBatches);
      await rejects(bench.saver.saveBatches(inBatches(prices(0), 1), bench.name()), "SchemaError");
      const schema = schemaOf(prices(0));
      await bench.saver.saveBatches(inBatches(prices(0), 1), bench.name(), { schema });
      await bench.holds(bench.name(), prices(0));
    },
  },

  describe: {
    async "describes a frame without reading it"(bench) {
      const saved = prices(12);
      await bench.saver.saveData(saved, bench.name(), { timeColumn: "ts", key: ["id"] });
      assert(bench.source.describe);
      const found = await bench.source.describe(bench.name());
      const columns = (schema: typeof found.schema) => schema.fields.map(({ name, type }) => `${name} ${type}`);
      assert.deepEqual(columns(found.schema), columns(schemaOf(saved)));
      if (found.rows !== undefined) assert.equal(found.rows, 12);
      assert.equal(found.timeColumn, "ts");
      assert.deepEqual(found.key, ["id"]);
      assert(found.bytes > 0);
      assert(Math.abs(found.modified.getTime() - Date.now()) < 3_600_000, `modified at ${found.modified}`);
      await rejects(bench.source.describe(bench.name("nothing")), "NotFoundError");
    },
  },

  deleteData: {
    async "deletes a frame, and says when there was nothing"(bench) {
      await bench.saver.saveData(prices(2), bench.name());
      assert(bench.saver.deleteData);
      assert.equal(await bench.saver.deleteData(bench.name()), true);
      assert.equal(await bench.saver.deleteData(bench.name()), false);
      await rejects(bench.source.getData(bench.name()), "NotFoundError");
      assert.equal(await bench.listed(bench.name()), undefined);
    },
  },
};

async function* inBatches(frame: DataFrame, rows: number): AsyncGenerator<DataFrame> {
  for (let start = 0; start < frame.height; start += rows) yield frame.slice(start, rows);
}

import assert from "node:assert/strict";
import { type Bench, rejects } from "../check.ts";
import { prices } from "../samples.ts";

type Rules = Record<string, (bench: Bench) => Promise<void>>;

/** Parts of a frame: columns, a range of time, the first rows. */
export const reading: Record<string, Rules> = {
  columns: {
    async "reads the named columns in the named order"(bench) {
      const saved = prices(10);
      await bench.saver.saveData(saved, bench.name());
      const found = await bench.source.getData(bench.name(), { columns: ["close", "id"] });
      await bench.same(found, saved.select("close", "id"));
    },

    async "refuses a column that is not there"(bench) {
      await bench.saver.saveData(prices(3), bench.name());
      await rejects(bench.source.getData(bench.name(), { columns: ["id", "colour"] }), "SchemaError");
    },
  },

  limit: {
    async "reads at most as many rows as the limit says"(bench) {
      await bench.saver.saveData(prices(10), bench.name());
      assert.equal((await bench.source.getData(bench.name(), { limit: 3 })).height, 3);
      assert.equal((await bench.source.getData(bench.name(), { limit: 0 })).height, 0);
      assert.equal((await bench.source.getData(bench.name(), { limit: 99 })).height, 10);
    },

    async "refuses a limit that is no whole number"(bench) {
      await bench.saver.saveData(prices(3), bench.name());
      for (const limit of [-1, 1.5, Number.NaN]) {
        await rejects(bench.source.getData(bench.name(), { limit }), "ConfigError");
      }
    },
  },

  from: {
    async "reads from <= time < to, with instants and with text"(bench) {
      const saved = prices(10);
      await bench.saver.saveData(saved, bench.name(), { timeColumn: "ts" });
      const ranges = [
        { from: new Date(Date.UTC(2024, 0, 1, 0, 2)), to: new Date(Date.UTC(2024, 0, 1, 0, 5)) },
        { from: "2024-01-01T00:02:00", to: "2024-01-01T00:05:00" },
        { from: "2024-01-01T01:02:00+01:00", to: "2024-01-01T00:04:00.000001Z" },
      ];
      for (const range of ranges) {
        await bench.same(await bench.source.getData(bench.name(), range), saved.slice(2, 3));
      }
    },
  },
};

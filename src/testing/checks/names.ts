import assert from "node:assert/strict";
import { type Bench, rejects } from "../check.ts";
import { prices } from "../samples.ts";

type Rules = Record<string, (bench: Bench) => Promise<void>>;

const hostile = [
  "",
  ".",
  "..",
  "../out",
  "a/../../out",
  "/etc/out",
  "a\0b",
  ".hidden",
  "a/.hidden",
  "CON",
  "nul.csv",
].concat(["a\\..\\b", "line\nbreak", "x".repeat(5_000), "trailing.", "\u202egnp"]);

/** Names stay inside the storage, and whatever is listed can be read. */
export const names: Rules = {
  async "refuses names that are empty, too long or would reach outside"(bench) {
    for (const name of hostile) {
      await rejects(bench.saver.saveData(prices(1), name), "InvalidNameError");
      await rejects(bench.source.getData(name), "InvalidNameError");
    }
  },

  async "keeps SQL and shell text in a name as a plain name, or refuses it"(bench) {
    const saved = prices(2);
    for (const name of [`${bench.name()}"; drop table x; --`, `${bench.name()} $(id)`, `${bench.name()} '%00`]) {
      try {
        await bench.saver.saveData(saved, name);
      } catch (error) {
        assert(error instanceof Error && error.name === "InvalidNameError", String(error));
        continue;
      }
      await bench.holds(name, saved);
    }
  },

  async "refuses a new name that differs from an old one only by case"(bench) {
    const lower = bench.name("prices");
    await bench.saver.saveData(prices(2), lower);
    await rejects(bench.saver.saveData(prices(3), bench.name("Prices")), "ConflictError");
    await bench.holds(lower, prices(2));
  },

  async "refuses a new name that differs from an old one only by its Unicode form"(bench) {
    const composed = bench.name("caf\u00e9");
    try {
      await bench.saver.saveData(prices(2), composed);
    } catch (error) {
      assert(error instanceof Error && error.name === "InvalidNameError", String(error));
      return;
    }
    await rejects(bench.saver.saveData(prices(3), bench.name("cafe\u0301")), "ConflictError");
    await bench.holds(composed, prices(2));
  },

  async "tells the nearest names when a frame is not there"(bench) {
    await bench.saver.saveData(prices(2), bench.name("orders"));
    const error = await rejects(bench.source.getData(bench.name("order")), "NotFoundError");
    assert.match(error.message, /orders/);
  },

  async "lists what was saved, and each listed name can be read"(bench) {
    await bench.saver.saveData(prices(2), bench.name("one"));
    await bench.saver.saveData(prices(3), bench.name("two"));
    for (const [word, rows] of [
      ["one", 2],
      ["two", 3],
    ] as const) {
      const listed = await bench.listed(bench.name(word));
      assert(listed, `${bench.name(word)} is not listed`);
      assert.equal((await bench.source.getData(listed)).height, rows);
    }
    const all = await bench.source.listSources();
    assert.deepEqual(all, [...new Set(all)], "a name is listed twice");
  },
};

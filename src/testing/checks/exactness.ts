import assert from "node:assert/strict";
import { frame } from "../../frame/frame.ts";
import { type Bench, rejects } from "../check.ts";
import { prices, typeSamples } from "../samples.ts";

type Rules = Record<string, (bench: Bench) => Promise<void>>;

/** What was saved comes back: values, nulls, columns and their order, dtypes. */
export const exactness: Rules = {
  ...Object.fromEntries(
    Object.entries(typeSamples).map(([label, { type, values }]) => [
      `gives a column of ${label} back exactly, with nulls`,
      async (bench: Bench) => {
        const saved = frame({ row: values.map((_, row) => row), value: values }, { row: "int32", value: `${type}?` });
        assert.equal(await bench.saver.saveData(saved, bench.name()), true);
        await bench.holds(bench.name(), saved);
      },
    ]),
  ),

  async "gives a frame without rows back with its columns and dtypes"(bench) {
    const saved = prices(0);
    await bench.saver.saveData(saved, bench.name());
    await bench.holds(bench.name(), saved);
  },

  async "gives a column that is all null back with its dtype"(bench) {
    const saved = frame({ id: [1, 2], value: [null, null] }, { id: "int32", value: "float64?" });
    await bench.saver.saveData(saved, bench.name());
    await bench.holds(bench.name(), saved);
  },

  async "keeps the order of the columns and odd column names"(bench) {
    const names = ["z", "a", "With Space", 'quo"te', "Größe", "select", "z2", "semi;colon", "tab\tbed"];
    const saved = frame(
      Object.fromEntries(names.map((name, column) => [name, [column, null, 3]])),
      Object.fromEntries(names.map((name) => [name, "int32?"])),
    );
    await bench.saver.saveData(saved, bench.name());
    await bench.holds(bench.name(), saved);
  },

  async "holds columns that are called like a method of frames"(bench) {
    const names = [
      "height",
      "width",
      "columns",
      "lazy",
      "select",
      "slice",
      "schema",
      "filter",
      "sort",
      "drop",
      "rename",
    ];
    const saved = frame(
      Object.fromEntries(names.map((name, column) => [name, [column, 2]])),
      Object.fromEntries(names.map((name) => [name, "int32"])),
    );
    await bench.saver.saveData(saved, bench.name());
    await bench.holds(bench.name(), saved);
  },

  async "replaces with exactly the new frame's columns, order and dtypes"(bench) {
    await bench.saver.saveData(prices(10), bench.name());
    const next = prices(4, 2).select("close", "id", "symbol");
    await bench.saver.saveData(next, bench.name());
    await bench.holds(bench.name(), next);
  },

  async "holds 20,000 rows"(bench) {
    const saved = prices(20_000);
    await bench.saver.saveData(saved, bench.name());
    await bench.holds(bench.name(), saved);
  },

  async "refuses what is no frame, and leaves the old data as it was"(bench) {
    const saved = prices(5);
    await bench.saver.saveData(saved, bench.name());
    for (const value of [null, undefined, [], { a: [1] }, "frame"]) {
      await rejects(Reflect.apply(bench.saver.saveData, bench.saver, [value, bench.name()]), "SchemaError");
    }
    await bench.holds(bench.name(), saved);
  },
};

import assert from "node:assert/strict";
import { type Bench, rejects } from "../check.ts";
import { prices } from "../samples.ts";

type Rules = Record<string, (bench: Bench) => Promise<void>>;

/** What is asked of a storage that can only be read. */
export const readOnly: Rules = {
  async "is healthy when it can be used"(bench) {
    assert.equal(await bench.source.healthCheck(), true);
  },

  async "lists names that can be read, each once"(bench) {
    const names = await bench.source.listSources();
    assert.deepEqual(names, [...new Set(names)]);
    for (const name of names.slice(0, 20)) assert(await bench.source.getData(name));
  },

  async "tells that a frame is not there"(bench) {
    await rejects(bench.source.getData(bench.name("nothing")), "NotFoundError");
  },

  async "refuses a read option that it does not support"(bench) {
    const [name = bench.name()] = await bench.source.listSources();
    await rejects(Reflect.apply(bench.source.getData, bench.source, [name, { colour: "red" }]), "ConfigError");
  },
};

/** What is asked of a storage that can only be saved to. */
export const saveOnly: Rules = {
  async "is healthy when it can be used"(bench) {
    assert.equal(await bench.saver.healthCheck(), true);
  },

  async "resolves true once a frame is saved, with and without a backup"(bench) {
    assert.equal(await bench.saver.saveData(prices(3), bench.name()), true);
    assert.equal(await bench.saver.saveWithBackup(prices(4), bench.name()), true);
  },

  async "refuses what is no frame, and a name that is empty or would reach outside"(bench) {
    await rejects(Reflect.apply(bench.saver.saveData, bench.saver, [null, bench.name()]), "SchemaError");
    for (const name of ["", "../out"]) await rejects(bench.saver.saveData(prices(1), name), "InvalidNameError");
  },

  async "refuses a save option that it does not support"(bench) {
    const call = [prices(1), bench.name(), { colour: "red" }];
    await rejects(Reflect.apply(bench.saver.saveData, bench.saver, call), "ConfigError");
  },
};

import assert from "node:assert/strict";
import { type Bench, rejects } from "../check.ts";
import { prices } from "../samples.ts";

type Rules = Record<string, (bench: Bench) => Promise<void>>;

/** All or nothing, writers in turn, options never ignored, health told without throwing. */
export const safety: Rules = {
  async "is healthy when it can be used"(bench) {
    assert.equal(await bench.source.healthCheck(), true);
    assert.equal(await bench.saver.healthCheck(), true);
  },

  async "refuses an option that it does not support"(bench) {
    const { source, saver } = bench;
    await rejects(Reflect.apply(saver.saveData, saver, [prices(1), bench.name(), { colour: "red" }]), "ConfigError");
    await bench.saver.saveData(prices(1), bench.name());
    await rejects(Reflect.apply(source.getData, source, [bench.name(), { colour: "red" }]), "ConfigError");
    await rejects(Reflect.apply(saver.saveData, saver, [prices(1), bench.name(), { mode: "merge" }]), "ConfigError");
  },

  async "rejects with the signal's reason when aborted before a save, and keeps the old data"(bench) {
    await bench.saver.saveData(prices(3), bench.name());
    const reason = new Error("no longer wanted");
    const signal = AbortSignal.abort(reason);
    await assert.rejects(bench.saver.saveData(prices(9), bench.name(), { signal }), (error) => error === reason);
    await assert.rejects(bench.source.getData(bench.name(), { signal }), (error) => error === reason);
    await bench.holds(bench.name(), prices(3));
  },

  async "leaves the old frame or the new one, whole, when aborted in the middle of a save"(bench) {
    const before = prices(2_000);
    const after = prices(30_000, 2);
    await bench.saver.saveData(before, bench.name());
    const controller = new AbortController();
    const save = bench.saver.saveData(after, bench.name(), { signal: controller.signal });
    setImmediate(() => setImmediate(() => controller.abort()));
    const saved = await save.then(
      () => true,
      (error) => {
        assert.equal(error, controller.signal.reason);
        return false;
      },
    );
    await bench.holds(bench.name(), saved ? after : before);
    await bench.saver.saveData(after, bench.name());
    await bench.holds(bench.name(), after);
  },

  async "shows readers the old frame or the new one while it is replaced"(bench) {
    const frames = [prices(500, 1), prices(700, 2)] as const;
    await bench.saver.saveData(frames[0], bench.name());
    let writing = true;
    const reader = (async () => {
      do {
        const found = await bench.source.getData(bench.name());
        await bench.same(found, found.height === 500 ? frames[0] : frames[1]);
      } while (writing);
    })();
    try {
      for (const turn of [1, 0, 1, 0, 1]) await bench.saver.saveData(frames[turn] ?? frames[0], bench.name());
    } finally {
      writing = false;
    }
    await reader;
  },

  async "lets two writers on one name take turns, or refuses one"(bench) {
    const frames = [1, 2, 3, 4].map((seed) => prices(300, seed));
    const saves = await Promise.allSettled(frames.map((saved) => bench.saver.saveData(saved, bench.name())));
    for (const save of saves) {
      if (save.status === "rejected") assert.equal(save.reason.name, "ConflictError", String(save.reason));
    }
    assert(
      saves.some(({ status }) => status === "fulfilled"),
      "no writer was let through",
    );
    const found = await bench.source.getData(bench.name());
    const matches = await Promise.all(
      frames.map((saved) =>
        bench.same(found, saved).then(
          () => true,
          () => false,
        ),
      ),
    );
    assert.equal(matches.filter(Boolean).length, 1, "what stands there is none of the frames that were saved");
  },
};

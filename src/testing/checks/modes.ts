import { frame } from "../../frame/frame.ts";
import { type Bench, rejects } from "../check.ts";

type Rules = Record<string, (bench: Bench) => Promise<void>>;

const base = () => frame({ id: [1, 2, 3], city: ["Rome", "Oslo", "Bonn"] }, { id: "int32", city: "string?" });

/** Append and upsert, by the rules of saving by mode. Asked only of storages that have the mode. */
export const modes: Readonly<Record<string, Rules>> = {
  append: {
    async "appends rows, matching columns by name"(bench) {
      await bench.saver.saveData(base(), bench.name());
      const more = frame({ city: ["Lima"], id: [4] }, { city: "string?", id: "int32" });
      await bench.saver.saveData(more, bench.name(), { mode: "append" });
      await bench.holds(
        bench.name(),
        frame({ id: [1, 2, 3, 4], city: ["Rome", "Oslo", "Bonn", "Lima"] }, { id: "int32", city: "string?" }),
      );
    },

    async "appends to a new name as if it replaced"(bench) {
      await bench.saver.saveData(base(), bench.name(), { mode: "append" });
      await bench.holds(bench.name(), base());
    },

    async "adds a new column on append and fills missing ones with null"(bench) {
      await bench.saver.saveData(base(), bench.name());
      const more = frame({ id: [4], size: [0.5] }, { id: "int32", size: "float64?" });
      await bench.saver.saveData(more, bench.name(), { mode: "append" });
      await bench.holds(
        bench.name(),
        frame(
          { id: [1, 2, 3, 4], city: ["Rome", "Oslo", "Bonn", null], size: [null, null, null, 0.5] },
          { id: "int32", city: "string?", size: "float64?" },
        ),
      );
    },

    async "refuses a column of another type on append, and keeps the old rows"(bench) {
      await bench.saver.saveData(base(), bench.name());
      const wrong = frame({ id: ["four"], city: ["Lima"] }, { id: "string", city: "string?" });
      await rejects(bench.saver.saveData(wrong, bench.name(), { mode: "append" }), "SchemaError");
      await bench.holds(bench.name(), base());
    },

    async "refuses any difference of columns when the schema is frozen"(bench) {
      await bench.saver.saveData(base(), bench.name());
      const wider = frame({ id: [4], city: ["Lima"], size: [1] }, { id: "int32", city: "string?", size: "int32" });
      for (const mode of ["append", "replace"] as const) {
        await rejects(bench.saver.saveData(wider, bench.name(), { mode, schemaChange: "freeze" }), "SchemaError");
      }
      await bench.holds(bench.name(), base());
    },
  },

  upsert: {
    async "upserts by key: known rows replaced, others added"(bench) {
      await bench.saver.saveData(base(), bench.name(), { key: ["id"] });
      const changes = frame({ id: [2, 9], city: ["Bergen", "Lima"] }, { id: "int32", city: "string?" });
      await bench.saver.saveData(changes, bench.name(), { mode: "upsert", key: ["id"] });
      await bench.holds(
        bench.name(),
        frame({ id: [1, 2, 3, 9], city: ["Rome", "Bergen", "Bonn", "Lima"] }, { id: "int32", city: "string?" }),
      );
    },

    async "changes nothing when the same upsert comes twice"(bench) {
      for (const _ of [1, 2]) await bench.saver.saveData(base(), bench.name(), { mode: "upsert", key: ["id"] });
      await bench.holds(bench.name(), base());
    },

    async "refuses an upsert whose key is null or doubled, and keeps the old rows"(bench) {
      await bench.saver.saveData(base(), bench.name(), { key: ["id"] });
      for (const id of [
        [7, null],
        [7, 7],
      ]) {
        const wrong = frame({ id, city: ["x", "y"] }, { id: "int32?", city: "string?" });
        await rejects(bench.saver.saveData(wrong, bench.name(), { mode: "upsert", key: ["id"] }), "SchemaError");
      }
      await bench.holds(bench.name(), base());
    },

    async "refuses an upsert without a key"(bench) {
      const work = Reflect.apply(bench.saver.saveData, bench.saver, [base(), bench.name(), { mode: "upsert" }]);
      await rejects(work, "ConfigError");
    },
  },
};

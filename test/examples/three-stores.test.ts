import { expect, test } from "vitest";
import { oneFrameThreeStores } from "../../examples/one-frame-three-stores.ts";
import type { DataFactory } from "../../src/factory/data-factory.ts";
import { frame } from "../../src/frame/frame.ts";
import { MemoryStorage } from "../calculation/memory-storage.ts";

/** A factory of three storages in memory; what arctic gives back goes through `alter`. */
function factoryWith(alter: (price: number) => number): DataFactory {
  const input = frame({ symbol: ["A", "B"], date: ["Jan 1 2000", "Feb 1 2000"], price: [1.5, 2.5] });
  const stores = new Map(["csv", "postgres", "arctic"].map((type) => [type, new MemoryStorage(type)]));
  stores.get("csv")?.frames.set("input_data.csv", input);
  const arctic = stores.get("arctic");
  const save = arctic?.saveWithBackup.bind(arctic);
  if (arctic && save) {
    arctic.saveWithBackup = async (data, name, options) => {
      const rows = { symbol: ["A", "B"], date: ["2000-01-01", "2000-02-01"], price: [alter(1.5), 2.5] };
      const saved = await save(frame(rows, { symbol: "string", date: "date", price: "float64" }), name, options);
      return saved && data.height === 2;
    };
  }
  const pick = (type: string) => stores.get(type);
  return { createDataSource: pick, createDataSaver: pick } as unknown as DataFactory;
}

test("three equal copies pass", async () => {
  await expect(oneFrameThreeStores(factoryWith((price) => price))).resolves.toBeUndefined();
});

test("one value that differs in one store fails the program, which names the store", async () => {
  await expect(oneFrameThreeStores(factoryWith((price) => price + 1e-12))).rejects.toThrow(
    "The copy in arctic differs",
  );
});

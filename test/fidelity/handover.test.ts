import { afterAll, beforeAll, expect, test } from "vitest";
import { compareFrames } from "../../src/frame/compare.ts";
import { frame } from "../../src/frame/frame.ts";
import { openStores, type Store, type Stores } from "./stores.ts";

const prices = () => frame({ id: [1, 2], price: [1.5, null] }, { id: "int32", price: "float64?" });
const types = ["csv", "temp", "postgres", "arctic"];

let stores: Stores;
beforeAll(async () => {
  stores = await openStores();
});
afterAll(() => stores[Symbol.asyncDispose]());

const storeOf = (type: string) => stores.all.find((store) => store.type === type) as Store;

test.each(types)(
  "%s takes a declared schema of some columns, written as an object, and refuses another type",
  async (type) => {
    const { saver, source, options } = storeOf(type);
    await saver.saveData(prices(), "declared", options);
    const read = source.getData("declared", { schema: { price: "float64?" } });
    expect(await compareFrames(await read, prices())).toBeNull();
    for await (const piece of source.getBatches("declared", { schema: { id: "int32" }, columns: ["price"] })) {
      expect(piece.columns).toEqual(["price"]);
    }
    const wrong = source.getData("declared", { schema: { price: "boolean?" } });
    await expect(wrong).rejects.toMatchObject({
      hint: expect.stringMatching(/./),
      message: expect.stringContaining('"price"'),
    });
  },
);

test.each(types)("%s takes a list of frames as batches, and tells what is no batches", async (type) => {
  const { saver, source, options } = storeOf(type);
  const save = (batches: unknown) => Reflect.apply(saver.saveBatches, saver, [batches, "batches", options]);
  await save([prices().head(1), prices().tail(1)]);
  expect(await compareFrames(await source.getData("batches"), prices())).toBeNull();
  for (const wrong of [prices(), Promise.resolve([prices()]), 5, null]) {
    await expect(save(wrong)).rejects.toMatchObject({ name: "SchemaError", hint: expect.stringMatching(/./) });
  }
  expect(await compareFrames(await source.getData("batches"), prices())).toBeNull();
});

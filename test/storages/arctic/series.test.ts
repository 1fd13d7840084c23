import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareFrames } from "../../../src/frame/compare.ts";
import { frame } from "../../../src/frame/frame.ts";
import { records } from "../../../src/frame/records.ts";
import { type OpenedArctic, openArctic } from "./open.ts";

let opened: OpenedArctic;
beforeAll(async () => {
  opened = await openArctic();
});
afterAll(() => opened[Symbol.asyncDispose]());

const types = { t: "datetime[us]", v: "int64?" } as const;
const minutes = (from: number, count: number) =>
  frame(
    {
      t: Array.from({ length: count }, (_, row) =>
        new Date(Date.UTC(2024, 0, 1, 0, from + row)).toISOString().slice(0, -1),
      ),
      v: Array.from({ length: count }, (_, row) => BigInt(from + row)),
    },
    types,
  );
const values = async (name: string, options = {}) =>
  records(await opened.storage.source().getData(name, options)).map(({ v }) => Number(v));

describe("a time series", () => {
  test("takes rows at its end, and refuses earlier ones", async () => {
    const saver = opened.storage.saver();
    await saver.saveData(minutes(0, 3), "grows", { timeColumn: "t" });
    await saver.saveData(minutes(2, 2), "grows", { mode: "append" });
    expect(await values("grows")).toEqual([0, 1, 2, 2, 3]);
    await expect(saver.saveData(minutes(1, 1), "grows", { mode: "append" })).rejects.toMatchObject({
      name: "SchemaError",
      hint: expect.stringMatching(/upsert/),
    });
    expect(await values("grows")).toEqual([0, 1, 2, 2, 3]);
    expect(await opened.storage.source().describe("grows")).toMatchObject({ rows: 5, timeColumn: "t" });
  });

  test("puts rows that an upsert adds where their time belongs", async () => {
    const saver = opened.storage.saver();
    await saver.saveData(minutes(5, 2), "upserted", { timeColumn: "t" });
    await saver.saveData(minutes(4, 2), "upserted", { mode: "upsert", key: ["t"] });
    expect(await values("upserted")).toEqual([4, 5, 6]);
  });

  test("without a named time column takes rows of any time, in the order in which they were saved", async () => {
    const saver = opened.storage.saver();
    await saver.saveData(minutes(5, 2), "loose");
    await saver.saveData(minutes(0, 2), "loose", { mode: "append" });
    await saver.saveData(minutes(9, 1), "loose", { mode: "append" });
    expect(await values("loose")).toEqual([5, 6, 0, 1, 9]);
  });

  test("reads from <= time < to, to the nanosecond, also beyond what timestamps reach", async () => {
    await opened.storage.saver().saveData(minutes(0, 10), "ranged", { timeColumn: "t" });
    const at = (minute: number) => `2024-01-01T00:0${minute}:00`;
    expect(await values("ranged", { from: at(2), to: at(4) })).toEqual([2, 3]);
    expect(await values("ranged", { from: at(2), to: `${at(4)}.000000001` })).toEqual([2, 3, 4]);
    expect(await values("ranged", { from: at(8), columns: ["v"] })).toEqual([8, 9]);
    expect(await values("ranged", { from: at(3), limit: 2 })).toEqual([3, 4]);
    expect(await values("ranged", { from: "0001-01-01", to: "9999-12-31" })).toHaveLength(10);
    expect(await values("ranged", { from: "9000-01-01" })).toEqual([]);
    expect(await values("ranged", { to: "1000-01-01" })).toEqual([]);
  });

  test("comes in batches of one version, narrowed like a read", async () => {
    const saver = opened.storage.saver();
    await saver.saveData(minutes(0, 10), "pieces", { timeColumn: "t" });
    const source = opened.storage.source();
    const pieces: number[][] = [];
    for await (const piece of source.getBatches("pieces", { batchRows: 4 })) {
      pieces.push(records(piece).map(({ v }) => Number(v)));
      if (pieces.length === 1) await saver.saveData(minutes(50, 1), "pieces", { timeColumn: "t" });
    }
    expect(pieces).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
    await saver.saveData(minutes(0, 10), "pieces", { timeColumn: "t" });
    const narrowed: number[] = [];
    for await (const piece of source.getBatches("pieces", { batchRows: 3, from: "2024-01-01T00:02:00", limit: 5 })) {
      narrowed.push(...records(piece).map(({ v }) => Number(v)));
    }
    expect(narrowed).toEqual([2, 3, 4, 5, 6]);
  });
});

describe("versions", () => {
  test("that millrace saved stay ten at a time, however the rows came", async () => {
    const saver = opened.storage.saver();
    for (let round = 0; round < 14; round += 1) {
      await saver.saveData(minutes(round, 1), "versions", round % 2 === 0 ? {} : { mode: "append" });
    }
    const { versions } = await opened.python("print(json.dumps({'versions': len(library.list_versions('versions'))}))");
    expect(versions).toBe(10);
  });

  test("an append that changes a type rewrites the whole exactly", async () => {
    const saver = opened.storage.saver();
    await saver.saveData(frame({ a: [9007199254740993n] }, { a: "int64" }), "widened");
    await saver.saveData(frame({ a: [1], b: ["x"] }, { a: "int8", b: "string" }), "widened", { mode: "append" });
    const expected = frame({ a: [9007199254740993n, 1n], b: [null, "x"] }, { a: "int64", b: "string?" });
    expect(await compareFrames(await opened.storage.source().getData("widened"), expected)).toBeNull();
  });

  test("dates out of a timestamp's reach can follow dates within it", async () => {
    const saver = opened.storage.saver();
    await saver.saveData(frame({ d: ["2024-01-01"] }, { d: "date" }), "reach");
    await saver.saveData(frame({ d: ["9999-12-31"] }, { d: "date" }), "reach", { mode: "append" });
    await saver.saveData(frame({ d: ["2024-01-03"] }, { d: "date" }), "reach", { mode: "append" });
    const expected = frame({ d: ["2024-01-01", "9999-12-31", "2024-01-03"] }, { d: "date" });
    expect(await compareFrames(await opened.storage.source().getData("reach"), expected)).toBeNull();
  });
});

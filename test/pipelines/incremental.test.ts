import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Calculator } from "../../src/calculation/calculator.ts";
import type { ReadOptions } from "../../src/contracts/read-options.ts";
import { CorruptDataError } from "../../src/errors.ts";
import { heightOf } from "../../src/frame/access.ts";
import { frame } from "../../src/frame/frame.ts";
import type { DataFrame } from "../../src/frame/polars.ts";
import { definePipeline } from "../../src/pipelines/define.ts";
import { type Opened, openPlace, prices } from "./open.ts";

let place: Opened;
beforeAll(async () => {
  place = await openPlace();
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(() => {
  place.events.length = 0;
});

const at = (minute: number, close = minute + 0.5, symbol = "A") => ({ ...prices(symbol, 1, minute)[0], close });

/** A source that counts the rows it gave. */
function counting(type: string) {
  const source = place.factory.createDataSource(type);
  const counted = {
    read: 0,
    storageId: `counting:${type}`,
    listSources: () => source.listSources(),
    healthCheck: async () => true,
  };
  const getData = async (name: string, options: ReadOptions = {}) => {
    const rows = await source.getData(name, options);
    counted.read += heightOf(rows);
    return rows;
  };
  return Object.assign(counted, { getData });
}

describe.each(["csv", "temp", "postgres", "arctic"])("an incremental copy to %s", (type) => {
  const name = (what: string) => `${what}_${type}`;

  test("adds only what is new, and the rows at the boundary once", async () => {
    await place.save("csv", name("in"), [at(1), at(2), at(2, 7)]);
    const copy = definePipeline({
      name: name("adds"),
      copy: { from: `csv:${name("in")}`, to: `${type}:${name("out")}`, incremental: { cursor: "ts" } },
    });
    expect((await copy.run(place.options)).rows).toBe(3);
    expect((await copy.run(place.options)).steps[0]?.sources[0]).toMatchObject({
      state: "skipped",
      note: "Nothing is new.",
    });
    await place.save("csv", name("in"), [at(2, 8), at(3)], "append");
    expect((await copy.run(place.options)).rows).toBe(2);
    expect(await place.rows(type, name("out"))).toEqual(expect.arrayContaining(await place.rows("csv", name("in"))));
    expect(await place.rows(type, name("out"))).toHaveLength(5);
    expect((await copy.state.show(place.options)).map(({ reader, value }) => [reader, value])).toEqual([
      [`copy/${name("in")}`, "2024-01-01T00:03:00.000000"],
    ]);
  });

  test("loads again from the start what somebody deleted", async () => {
    const copy = definePipeline({
      name: name("adds"),
      copy: { from: `csv:${name("in")}`, to: `${type}:${name("out")}`, incremental: { cursor: "ts" } },
    });
    const saver = place.factory.createDataSaver(type) as unknown as { deleteData(name: string): Promise<boolean> };
    await saver.deleteData(name("out"));
    expect((await copy.run(place.options)).rows).toBe(5);
  });
});

test("a source with new rows gives only those where it can push the range down", async () => {
  await place.save("postgres", "many", prices("A", 3_000));
  const source = counting("postgres");
  const copy = definePipeline({
    name: "pushed",
    copy: { from: source, sources: ["many"], to: "temp:pushed", incremental: { cursor: "ts" } },
  });
  await copy.run(place.options);
  await place.save("postgres", "many", prices("A", 10, 3_000), "append");
  source.read = 0;
  expect((await copy.run(place.options)).rows).toBe(10);
  // The last row that is known, and the ten new ones.
  expect(source.read).toBe(11);
});

test("a cursor keeps nanoseconds that no JavaScript Date can hold", async () => {
  const columns = { ts: "datetime[ns, UTC]", v: "int64" } as const;
  const csv = place.factory.createDataSaver("csv");
  await csv.saveData(frame([{ ts: "2024-01-01T00:00:00.123456788Z", v: 1n }], columns), "nano");
  const copy = definePipeline({
    name: "nano",
    copy: { from: "csv:nano", to: "csv:nano-out", incremental: { cursor: "ts" } },
  });
  await copy.run(place.options);
  await csv.saveData(frame([{ ts: "2024-01-01T00:00:00.123456789Z", v: 2n }], columns), "nano", { mode: "append" });
  expect((await copy.run(place.options)).rows).toBe(1);
  expect((await copy.state.show(place.options))[0]?.value).toBe("2024-01-01T00:00:00.123456789Z");
});

test("rows that come late are found within the lag", async () => {
  await place.save("csv", "late", [at(1), at(10)]);
  const copy = definePipeline({
    name: "late",
    copy: { from: "csv:late", to: "temp:late", incremental: { cursor: "ts", lag: "5m" } },
  });
  await copy.run(place.options);
  await place.save("csv", "late", [at(2), at(6), at(11)], "append");
  await copy.run(place.options);
  expect((await place.rows("temp", "late")).map(({ close }) => close)).toEqual([1.5, 10.5, 6.5, 11.5]);
});

test("with an upsert late rows replace those of their key", async () => {
  await place.save("csv", "keyed", [at(1), at(2)]);
  const copy = definePipeline({
    name: "keyed",
    copy: {
      from: "csv:keyed",
      to: "temp:keyed",
      mode: "upsert",
      key: ["ts"],
      incremental: { cursor: "ts", lag: "1h" },
    },
  });
  await copy.run(place.options);
  await place.save("csv", "keyed", [at(1), at(2, 99), at(3)]);
  await copy.run(place.options);
  expect((await place.rows("temp", "keyed")).map(({ close }) => close)).toEqual([1.5, 99, 3.5]);
});

test("a row without a time fails the source and is named, or is left out and counted", async () => {
  await place.save("csv", "timeless", [at(1), { ts: null, symbol: "A", close: 2 }]);
  const make = (onNull: "fail" | "skip") =>
    definePipeline({
      name: `null-${onNull}`,
      copy: { from: "csv:timeless", to: `temp:null-${onNull}`, incremental: { cursor: "ts", onNull } },
    });
  await expect(make("fail").run(place.options)).rejects.toThrow(
    'Row 2 of timeless has no time in the cursor column "ts"',
  );
  const { rows, steps } = await make("skip").run(place.options);
  expect([rows, steps[0]?.sources[0]?.note]).toEqual([1, "1 rows without a time were left out."]);
  const wrong = definePipeline({
    name: "no-time",
    copy: { from: "csv:timeless", to: "temp:x", incremental: { cursor: "close" } },
  });
  await expect(wrong.run(place.options)).rejects.toThrow('The cursor column "close" of timeless holds float64');
});

test.each(["csv", "temp", "postgres", "arctic"])(
  "a row without a time that comes to %s later is not passed over",
  async (type) => {
    const name = `later_${type}`;
    await place.save(type, name, [at(1), at(2)]);
    const make = (onNull: "fail" | "skip") =>
      definePipeline({
        name,
        copy: { from: `${type}:${name}`, to: `temp:${name}-out`, incremental: { cursor: "ts", onNull } },
      });
    await make("fail").run(place.options);
    await place.save(type, name, [at(1), { ts: null, symbol: "A", close: 2 }, at(3)]);
    await expect(make("fail").run(place.options)).rejects.toThrow('no time in the cursor column "ts"');
    expect((await make("skip").run(place.options)).steps[0]?.sources[0]).toMatchObject({
      rows: 1,
      note: "1 rows without a time were left out.",
    });
  },
);

test("a range is filled again in windows, of which those that were done stay done, and the cursor stays", async () => {
  await place.save("csv", "fill", prices("A", 72 * 60));
  let broken = true;
  const seen: number[] = [];
  class Doubling extends Calculator {
    calculate(rows: DataFrame) {
      seen.push(heightOf(rows));
      if (broken && seen.length === 2) throw new CorruptDataError("The second day is odd.");
      return rows;
    }
  }
  const pipeline = definePipeline({
    name: "fill",
    concurrency: 1,
    calculate: { calculator: Doubling, from: "csv:fill", to: "temp", mode: "append", incremental: { cursor: "ts" } },
  });
  const failed = await pipeline
    .run({ ...place.options, from: "2024-01-01", to: "2024-01-04" })
    .catch((cause: unknown) => cause);
  expect(failed).toMatchObject({ result: { state: "failed" } });
  broken = false;
  const [run] = await pipeline.runs(place.options);
  const resumed = await pipeline.resume(run?.id, place.options);
  expect(seen).toEqual([1_440, 1_440, 1_440, 1_440]);
  expect(resumed.steps[0]?.sources.map(({ source, attempts }) => [source, attempts])).toEqual([
    ["fill@2024-01-01..2024-01-02", 1],
    ["fill@2024-01-02..2024-01-03", 2],
    ["fill@2024-01-03..2024-01-04", 1],
  ]);
  await pipeline.run({ ...place.options, from: "2024-01-02", to: "2024-01-03T12:00" });
  expect(await place.rows("temp", "fill")).toHaveLength(72 * 60);
  expect(await pipeline.state.show(place.options)).toEqual([]);
});

test("the plan of a range tells of its rows only, and a wrong range is refused", async () => {
  await place.save("csv", "fill-plan", prices("A", 48 * 60));
  const pipeline = definePipeline({
    name: "fill-plan",
    copy: { from: "csv:fill-plan", to: "temp:fill-plan", incremental: { cursor: "ts" } },
  });
  const { changes } = await pipeline.plan({ ...place.options, from: "2024-01-02", to: "2024-01-02T12:00" });
  expect(changes).toMatchObject([{ destination: "fill-plan", inserts: 12 * 60 }]);
  const wrong = { ...place.options, from: "2024-01-02", to: "2024-01-01" };
  await expect(pipeline.plan(wrong)).rejects.toThrow("The range from 2024-01-02 to 2024-01-01 is empty.");
  await expect(pipeline.run(wrong)).rejects.toThrow("The range from 2024-01-02 to 2024-01-01 is empty.");
  expect(await pipeline.runs(place.options)).toEqual([]);
});

test("a cursor can be set back, and what stands there is not added twice; reset reads all anew", async () => {
  await place.save("csv", "state", [at(1), at(2), at(3)]);
  const copy = definePipeline({
    name: "state",
    copy: { from: "csv:state", to: "temp:state", incremental: { cursor: "ts" } },
  });
  await copy.run(place.options);
  await copy.state.set("copy/state", "2024-01-01T00:02", place.options);
  expect((await copy.run(place.options)).rows).toBe(0);
  await place.save("csv", "state", [at(0)], "append");
  expect((await copy.run(place.options)).rows).toBe(0);
  await copy.state.reset("copy/state", place.options);
  expect((await copy.run(place.options)).rows).toBe(1);
  expect(await place.rows("temp", "state")).toHaveLength(4);
  await expect(copy.state.set("copy", "2024-01-01", place.options)).rejects.toThrow("no reader of an incremental step");
  await expect(copy.state.reset("copy/stat", place.options)).rejects.toThrow('Did you mean "copy/state"?');
});

test("what was set by hand counts once, also where nothing from there on was new", async () => {
  await place.save("temp", "once", prices("A", 10));
  const source = counting("temp");
  const copy = definePipeline({
    name: "once",
    copy: { from: source, sources: ["once"], to: ["csv", "postgres"], incremental: { cursor: "ts" } },
  });
  await copy.run(place.options);
  await copy.state.reset(undefined, place.options);
  source.read = 0;
  expect((await copy.run(place.options)).rows).toBe(0);
  expect((await copy.run(place.options)).rows).toBe(0);
  expect(source.read).toBe(10 + 1);
});

test("an incremental calculation that would replace the frame by the newest rows alone is refused", async () => {
  class Replacing extends Calculator {
    calculate(rows: DataFrame) {
      return rows;
    }
    override saveOptions() {
      return { mode: "replace" } as const;
    }
  }
  const wrong = definePipeline({
    name: "replacing",
    calculate: { calculator: Replacing, from: "csv:state", to: "temp", incremental: { cursor: "ts" } },
  });
  await expect(wrong.run(place.options)).rejects.toThrow("mode replace would leave only the newest rows");
});

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

test("the index is the named time column, else that of before, else the first sorted time without nulls, else none; the log says which", async () => {
  const saver = opened.storage.saver();
  const times = { late: "datetime[us]", holes: "datetime[us]?", t: "datetime[us]", u: "datetime[us]" } as const;
  const of = (...rows: [late: number, holes: number | null, t: number, u: number][]) => {
    const at = (minute: number | null) => minute && new Date(Date.UTC(2024, 0, 1, 0, minute));
    return frame(
      rows.map(([late, holes, t, u]) => ({ late: at(late), holes: at(holes), t: at(t), u: at(u) })),
      times,
    );
  };
  const chosen = async (data: ReturnType<typeof of>, name: string, options = {}) => {
    await saver.saveData(data, name, options);
    return /indexed by "(\w+)"|without an index/.exec(opened.lines.findLast((line) => line.includes(name)) ?? "")?.[1];
  };
  const sorted = of([2, null, 1, 3], [1, 2, 2, 4]);
  expect(await chosen(sorted, "index_first")).toBe("t");
  expect(await chosen(sorted, "index_named", { timeColumn: "u" })).toBe("u");
  expect(await chosen(sorted, "index_named")).toBe("u");
  expect(await chosen(of([2, null, 2, 4], [1, 2, 1, 3]), "index_none")).toBeUndefined();
  await expect(saver.saveData(sorted, "index_late", { timeColumn: "late" })).rejects.toMatchObject({
    name: "SchemaError",
  });
  await expect(saver.saveData(sorted, "index_late", { timeColumn: "holes" })).rejects.toMatchObject({
    name: "SchemaError",
  });
});

describe("rows out of order or of one time", () => {
  const at = (times: number[], v: number[]) =>
    frame({ t: times.map((second) => new Date(second * 1000).toISOString().slice(0, -1)), v: v.map(BigInt) }, types);
  const loose = () => at([3, 1, 2, 1], [30, 10, 20, 11]);

  test("are sorted when asked, those of one time in the order in which they stand", async () => {
    const saver = opened.storage.saver();
    await expect(saver.saveData(loose(), "sorted", { timeColumn: "t" })).rejects.toMatchObject({ name: "SchemaError" });
    await saver.saveData(loose(), "sorted", { timeColumn: "t", sort: true });
    expect(await values("sorted")).toEqual([10, 11, 20, 30]);
    await saver.saveData(at([5, 4], [50, 40]), "sorted", { mode: "append", sort: true });
    expect(await values("sorted")).toEqual([10, 11, 20, 30, 40, 50]);
    await saver.saveBatches(
      (async function* () {
        yield at([3], [3]);
        yield at([1], [1]);
      })(),
      "sorted",
      { timeColumn: "t", sort: true },
    );
    expect(await values("sorted")).toEqual([1, 3]);
  });

  test.each([
    ["first", [10, 20, 30]],
    ["last", [20, 11, 30]],
    ["keep", [10, 20, 11, 30]],
  ] as const)("of one time: %s", async (onDuplicate, expected) => {
    const saver = opened.storage.saver();
    const data = at([1, 2, 1, 3], [10, 20, 11, 30]);
    await saver.saveData(data, `twice_${onDuplicate}`, { timeColumn: "t", sort: true, onDuplicate });
    expect(new Set(await values(`twice_${onDuplicate}`))).toEqual(new Set(expected));
  });

  test("of one time are refused when asked, with the first row", async () => {
    const saver = opened.storage.saver();
    await expect(
      saver.saveData(at([1, 2, 2], [1, 2, 3]), "refused", { timeColumn: "t", onDuplicate: "error" }),
    ).rejects.toMatchObject({ name: "SchemaError", message: expect.stringMatching(/^Row 2 /) });
    expect(await opened.storage.source().listSources()).not.toContain("refused");
  });

  test("of a time that stands there follow the rule on append, too", async () => {
    const saver = opened.storage.saver();
    for (const [rule, expected] of [
      ["keep", [1, 2, 3, 4]],
      ["first", [1, 2, 4]],
      ["last", [1, 3, 4]],
    ] as const) {
      await saver.saveData(at([1, 2], [1, 2]), "meet", { timeColumn: "t" });
      await saver.saveData(at([2, 3], [3, 4]), "meet", { mode: "append", onDuplicate: rule });
      expect(await values("meet"), rule).toEqual(expected);
    }
    await saver.saveData(at([1, 2], [1, 2]), "meet", { timeColumn: "t" });
    await expect(
      saver.saveData(at([2, 3], [3, 4]), "meet", { mode: "append", onDuplicate: "error" }),
    ).rejects.toMatchObject({ name: "SchemaError" });
    expect(await values("meet")).toEqual([1, 2]);
  });

  test("options that go by the time need one, and odd values are refused", async () => {
    const saver = opened.storage.saver();
    for (const options of [{ sort: true }, { onDuplicate: "first" }, { onDuplicate: "sometimes" }, { sort: "yes" }]) {
      await expect(saver.saveData(loose(), "options", options as object)).rejects.toMatchObject({
        name: "ConfigError",
      });
    }
    await expect(saver.saveData(loose(), "options", { mode: "append", sort: true })).rejects.toMatchObject({
      name: "ConfigError",
      hint: expect.stringMatching(/timeColumn/),
    });
  });
});

describe("a range that is replaced", () => {
  test("holds the frame alone, from its first to its last time, and nothing else changes", async () => {
    const saver = opened.storage.saver();
    await saver.saveData(minutes(0, 10), "ranged_save", { timeColumn: "t" });
    const two = frame({ t: ["2024-01-01T00:03:00", "2024-01-01T00:06:00"], v: [300n, null] }, types);
    await saver.saveData(two, "ranged_save", { mode: "replaceRange" });
    expect(await values("ranged_save")).toEqual([0, 1, 2, 300, 0, 7, 8, 9]);
    expect(await opened.storage.source().describe("ranged_save")).toMatchObject({ rows: 8, timeColumn: "t" });
    await saver.saveData(frame([], types), "ranged_save", { mode: "replaceRange" });
    expect(await values("ranged_save")).toHaveLength(8);
    await saver.saveData(minutes(20, 1), "ranged_save", { mode: "replaceRange" });
    expect(await values("ranged_save")).toEqual([0, 1, 2, 300, 0, 7, 8, 9, 20]);
  });

  test("of other columns, or held in another way, is put together exactly", async () => {
    const saver = opened.storage.saver();
    const days = (d: string[], v: unknown[], type: string) => frame({ d, v }, { d: "date", v: type });
    await saver.saveData(days(["2024-01-01", "2024-01-02", "2024-01-03"], [1, 2, 3], "int8"), "far", {
      timeColumn: "d",
    });
    await saver.saveData(days(["2024-01-02", "9999-12-31"], [20, 99], "int8"), "far", { mode: "replaceRange" });
    const expected = days(["2024-01-01", "2024-01-02", "9999-12-31"], [1, 20, 99], "int8");
    expect(await compareFrames(await opened.storage.source().getData("far"), expected)).toBeNull();
    const more = frame({ d: ["2024-01-02"], note: ["x"] }, { d: "date", note: "string" });
    await saver.saveData(more, "far", { mode: "replaceRange" });
    expect(records(await opened.storage.source().getData("far"))).toEqual([
      { d: "2024-01-01", v: 1, note: null },
      { d: "2024-01-02", v: null, note: "x" },
      { d: "9999-12-31", v: 99, note: null },
    ]);
  });

  test("needs a time column, and takes an unsorted frame only sorted", async () => {
    const saver = opened.storage.saver();
    await saver.saveData(frame({ a: [1] }), "timeless");
    await expect(saver.saveData(frame({ a: [2] }), "timeless", { mode: "replaceRange" })).rejects.toMatchObject({
      name: "ConfigError",
    });
    const key = ["t"] as const;
    await expect(
      saver.saveData(minutes(0, 1), "timeless", { mode: "replaceRange", key } as object),
    ).rejects.toMatchObject({ name: "ConfigError" });
  });
});

describe("buckets of time", () => {
  test("are made by ArcticDB, within a range, in the columns' own types", async () => {
    const times = ["00:00:00", "00:04:59.999999", "00:05:00", "00:11:00"].map((time) => `2024-01-01T${time}`);
    const saved = frame(
      {
        t: times,
        price: [1.5, 2.5, null, 4.5],
        volume: [1n, null, 3n, 4n],
        took: [1n, 2n, 3n, 4n],
        side: ["a", "b", null, "d"],
        day: times.map((time) => time.slice(0, 10)),
      },
      {
        t: "datetime[us, UTC]",
        price: "float64?",
        volume: "int64?",
        took: "duration[ms]",
        side: 'enum["a","b","d"]?',
        day: "date",
      },
    );
    const { storage } = opened;
    await storage.saver().saveData(saved, "bars", { timeColumn: "t" });
    const bars = await storage.source().getData("bars", {
      aggregate: {
        every: "5m",
        columns: {
          side: "last",
          high: { column: "price", by: "max" },
          volume: "sum",
          took: "sum",
          day: "first",
          trades: { column: "price", by: "count" },
        },
      },
    });
    const expected = frame(
      {
        t: ["2024-01-01T00:00:00Z", "2024-01-01T00:05:00Z", "2024-01-01T00:10:00Z"],
        side: ["b", null, "d"],
        high: [2.5, null, 4.5],
        volume: [1n, 3n, 4n],
        took: [3n, 3n, 4n],
        day: ["2024-01-01", "2024-01-01", "2024-01-01"],
        trades: [2n, 0n, 1n],
      },
      {
        t: "datetime[us, UTC]",
        side: 'enum["a","b","d"]?',
        high: "float64?",
        volume: "int64",
        took: "duration[ms]",
        day: "date",
        trades: "uint64",
      },
    );
    expect(await compareFrames(bars, expected)).toBeNull();
    const part = await storage.source().getData("bars", {
      from: "2024-01-01T00:01:00Z",
      to: "2024-01-01T00:06:00Z",
      limit: 1,
      aggregate: { every: "1h", columns: { volume: "count" } },
    });
    expect(records(part)).toEqual([{ t: "2024-01-01T00:00:00.000000Z", volume: 1n }]);
  });

  test("of days that are a date's begin between them come as times", async () => {
    const saved = frame({ d: ["2024-01-01", "2024-01-02"], v: [1, 2] }, { d: "date", v: "int8" });
    await opened.storage.saver().saveData(saved, "daily", { timeColumn: "d" });
    const source = opened.storage.source();
    const half = await source.getData("daily", { aggregate: { every: "12h", columns: { v: "last" } } });
    expect(records(half)).toMatchObject([{ d: "2024-01-01T00:00:00.000000000", v: 1 }, { v: 2 }]);
    const whole = await source.getData("daily", { aggregate: { every: "1d", columns: { v: "last" } } });
    expect(records(whole)).toEqual(records(saved));
  });

  test("are refused where they have no meaning, with what to do", async () => {
    const { storage } = opened;
    const saved = frame({ d: ["2024-01-01"], v: [1], s: ["x"] }, { d: "date", v: "int8", s: "string" });
    await storage.saver().saveData(saved, "asked", { timeColumn: "d" });
    await storage.saver().saveData(frame({ v: [1] }), "no_time");
    const wrong = (name: string, aggregate: object, more = {}) =>
      expect(storage.source().getData(name, { aggregate, ...more } as object)).rejects.toMatchObject({
        name: expect.stringMatching(/ConfigError|SchemaError/),
        hint: expect.stringMatching(/./),
      });
    await wrong("asked", { every: "5 minutes", columns: { v: "last" } });
    await wrong("asked", { every: "5m", columns: {} });
    await wrong("asked", { every: "5m", columns: { v: "median" } });
    await wrong("asked", { every: "5m", columns: { w: "last" } });
    await wrong("asked", { every: "5m", columns: { s: "sum" } });
    await wrong("asked", { every: "5m", columns: { d: "last" } });
    await wrong("no_time", { every: "5m", columns: { v: "last" } });
  });
});

describe("small appends", () => {
  test("are merged by and by, exactly, so that few pieces are left to read", async () => {
    const saver = opened.storage.saver();
    await saver.saveData(minutes(0, 1), "pieces_merge", { timeColumn: "t" });
    for (let minute = 1; minute < 40; minute += 1) {
      await saver.saveData(minutes(minute, 1), "pieces_merge", { mode: "append" });
    }
    expect(await compareFrames(await opened.storage.source().getData("pieces_merge"), minutes(0, 40))).toBeNull();
    const { pieces } = await opened.python(
      "print(json.dumps({'pieces': library.compact_data_explain_plan('pieces_merge').num_row_slices_before}))",
    );
    expect(pieces).toBeLessThanOrEqual(16);
  });
});

describe("versions", () => {
  test("that millrace saved stay ten at a time, however the rows came", async () => {
    const saver = opened.storage.saver();
    for (let round = 0; round < 14; round += 1) {
      await saver.saveData(minutes(round, 1), "versions", round % 2 === 0 ? {} : { mode: "append" });
    }
    expect(await opened.storage.source().listVersions("versions")).toHaveLength(10);
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

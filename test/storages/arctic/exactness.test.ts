import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareFrames } from "../../../src/frame/compare.ts";
import { frame } from "../../../src/frame/frame.ts";
import { type DataFrame, pl } from "../../../src/frame/polars.ts";
import { records } from "../../../src/frame/records.ts";
import { schemaOf } from "../../../src/frame/schema.ts";
import { everyType, samples } from "../../frame/samples.ts";
import { type OpenedArctic, openArctic } from "./open.ts";

let opened: OpenedArctic;
beforeAll(async () => {
  opened = await openArctic();
});
afterAll(() => opened[Symbol.asyncDispose]());

async function comesBack(saved: DataFrame, name: string): Promise<void> {
  await opened.storage.saver().saveData(saved, name);
  expect(await compareFrames(await opened.storage.source().getData(name), saved)).toBeNull();
}

describe("what ArcticDB has no type for is held exactly", () => {
  test("dates from the year 1 to the year 9999", async () => {
    await comesBack(frame({ day: ["0001-01-01", "1677-09-21", null, "9999-12-31"] }, { day: "date?" }), "far_dates");
  });

  test("dates to the last day that a nanosecond timestamp reaches, and the day after", async () => {
    await comesBack(frame({ day: ["1677-09-23", "2262-04-10"] }, { day: "date" }), "near_dates");
    await comesBack(frame({ day: ["1677-09-22", "2262-04-12"] }, { day: "date" }), "next_dates");
  });

  test.each(["ms", "us"])("datetimes in %s beyond 1677 to 2262, with and without a zone", async (unit) => {
    const times = ["0001-01-01T00:00:00.001", null, "2262-04-11T23:47:16.855", "9999-12-31T23:59:59.999"];
    await comesBack(frame({ t: times }, { t: `datetime[${unit}]?` }), `far_${unit}`);
    const zoned = times.map((time) => time && `${time}Z`);
    await comesBack(frame({ t: zoned }, { t: `datetime[${unit}, Europe/Berlin]?` }), `far_${unit}_zone`);
  });

  test("datetimes at the ends of what nanoseconds reach", async () => {
    const times = ["1677-09-21T00:12:43.147000", "2262-04-11T23:47:16.853000", null];
    await comesBack(frame({ t: times }, { t: "datetime[us]?" }), "ends");
  });

  test("datetimes whose wall clock in their zone lies beyond what nanoseconds reach", async () => {
    const times = ["1677-09-21T00:12:43.145224193Z", "2262-04-11T23:47:16.854775807Z"];
    for (const zone of ["Asia/Kathmandu", "America/New_York"]) {
      for (const [at, t] of times.entries()) {
        await comesBack(frame({ t: [t], n: [1] }, { t: `datetime[ns, ${zone}]`, n: "int8" }), `wall_${at}`);
      }
    }
  });

  test("a frame whose only column is its time", async () => {
    await comesBack(frame({ t: ["2024-01-01T00:00:00", "2024-01-01T00:00:00"] }, { t: "datetime[ns]" }), "only_time");
  });

  test("a time column that does not come first keeps its place", async () => {
    const saved = frame(
      { a: [1, 2], t: ["2024-01-01", "2024-01-02"], b: ["x", null] },
      { a: "int8", t: "date", b: "string?" },
    );
    await opened.storage.saver().saveData(saved, "middle", { timeColumn: "t" });
    expect(await compareFrames(await opened.storage.source().getData("middle"), saved)).toBeNull();
  });

  test("every type there is, alone and beside all others", async () => {
    const { df } = everyType();
    await comesBack(df, "every_type");
    for (const [at, [type, values]] of Object.entries(samples).entries()) {
      await comesBack(frame({ value: values }, { value: `${type}?` }), `type_${at}`);
    }
  });

  test("the least time in nanoseconds, which ArcticDB takes for a null", async () => {
    const least = "1677-09-21T00:12:43.145224192";
    await comesBack(frame({ t: [least, null, "2024-01-01T00:00:00"] }, { t: "datetime[ns]?" }), "least");
    await comesBack(frame({ t: [`${least}Z`] }, { t: "datetime[ns, UTC]" }), "least_zone");
  });

  test("every type in frames without rows, of one row, of nulls only, and without columns", async () => {
    const { df, schema } = everyType();
    await comesBack(frame([], schema), "no_rows");
    await comesBack(await df.lazy().head(1).collect(), "one_row");
    await comesBack(await df.lazy().slice(2, 1).collect(), "only_nulls");
    await comesBack(frame([], {}), "no_columns");
  });

  test("texts that are empty, long, or hold NUL", async () => {
    await comesBack(
      frame({ s: ["", null, "\0", "a\0b", "x".repeat(2_000_000), "NaN", "é"] }, { s: "string?" }),
      "texts",
    );
  });

  test("1,000 columns, and names such as ArcticDB and pandas use themselves", async () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, column) => [`c${column}`, [column, null]]));
    await opened.storage.saver().saveData(frame(many), "many_columns");
    const back = await opened.storage.source().getData("many_columns");
    expect(schemaOf(back)).toEqual(schemaOf(frame(many)));
    expect(records(back)).toEqual(records(frame(many)));
    const odd = [
      ...[
        "index",
        "__index__",
        "__index_level_0__",
        "__idx__",
        "__idx__index",
        "__fkidx__0",
        "__none__",
        "time",
        "level_0",
      ],
      ...[
        "a b",
        '"q"',
        "it's",
        "UP",
        "up",
        "🚂".repeat(20),
        "x".repeat(63),
        "x".repeat(64),
        " ",
        "\n",
        "0",
        "é",
        "millrace",
      ],
    ];
    const { length } = odd;
    await comesBack(frame(Object.fromEntries(odd.map((name, at) => [name, [at, null]]))), "odd_names");
    for (const name of odd) {
      const saved = frame({ other: [1], [name]: ["2024-01-01T00:00:00"] }, { other: "int8", [name]: "datetime[ns]" });
      await comesBack(saved, `odd_index_${odd.indexOf(name)}`);
      await opened.storage.saver().saveData(saved, `odd_index_${length}`, { timeColumn: name });
      expect(await compareFrames(await opened.storage.source().getData(`odd_index_${length}`), saved)).toBeNull();
    }
  });

  test("what comes in batches, is added to, read in pieces and backed up", async () => {
    const { df } = everyType();
    const { storage } = opened;
    await storage.saver().saveBatches(
      (async function* () {
        yield df;
        yield df;
      })(),
      "streamed",
    );
    await storage.saver().saveData(df, "streamed", { mode: "append" });
    const whole = everyType(3).df;
    expect(await compareFrames(await storage.source().getData("streamed"), whole)).toBeNull();
    const pieces: DataFrame[] = [];
    for await (const piece of storage.source().getBatches("streamed", { batchRows: 5 })) pieces.push(piece);
    expect(pieces).toHaveLength(3);
    expect(await compareFrames(pl.concat(pieces), whole)).toBeNull();
    const part = await storage
      .source()
      .getData("streamed", { columns: ['a enum["low","hïgh;1"]', "a binary"], limit: 5 });
    const wanted = await whole.lazy().select('a enum["low","hïgh;1"]', "a binary").head(5).collect();
    expect(await compareFrames(part, wanted)).toBeNull();
    const [, location] = await storage.backup().backupData("streamed");
    expect(await storage.backup().proveBackup(location ?? "")).toBe(true);
    await storage.backup().restoreData(location ?? "", "restored");
    expect(await compareFrames(await storage.source().getData("restored"), whole)).toBeNull();
  });

  test("columns named like patterns of polars", async () => {
    await comesBack(
      frame({ "*": [1, null], "^a.*$": [3, 4], abc: [5, 6] }, { "*": "int64?", "^a.*$": "int8", abc: "int8" }),
      "patterns",
    );
  });
});

describe("a frame that travels in several parts", () => {
  test("comes back whole and in order, also when a late part holds a value that is none of its type", async () => {
    const rows = 1_500_000;
    const saved = frame(
      {
        t: Float64Array.from({ length: rows }, (_, row) => row),
        s: Array.from({ length: rows }, (_, row) => (row % 1_000 === 0 ? null : `text ${row % 77}`)),
        u: Float64Array.from({ length: rows }, (_, row) => Math.sin(row)),
        w: Float64Array.from({ length: rows }, (_, row) => -row),
      },
      { t: "float64", s: "string?", u: "float64", w: "float64" },
    );
    const timed = await saved
      .lazy()
      .select(
        pl.col("s"),
        pl.col("t").cast(pl.Int64).cast(pl.Datetime("us")),
        pl.col("w"),
        ...["u1", "u2", "u3", "u4", "u5", "u6"].map((name) => pl.col("u").alias(name)),
      )
      .collect();
    const { storage } = opened;
    await storage.saver().saveData(timed, "parts", { timeColumn: "t" });
    const [one, two] = await Promise.all([storage.source().getData("parts"), storage.source().getData("parts")]);
    expect(await compareFrames(one, timed)).toBeNull();
    expect(await compareFrames(two, timed)).toBeNull();
    const part = await storage.source().getData("parts", { columns: ["w", "s"], from: "1970-01-01T00:00:01.4" });
    expect(part.height).toBe(100_000);
    await opened.python(`
import numpy as np, pandas as pd
old = library.read('parts', output_format='PANDAS')
data = old.data
times = data.index.values.copy()
times[-1] += np.timedelta64(1, 'ns')
library.write('parts', data.set_axis(pd.DatetimeIndex(times, name='t')), metadata=old.metadata)
print('{}')`);
    opened.lines.length = 0;
    const edited = await storage.source().getData("parts");
    expect(schemaOf(edited).fields.find(({ name }) => name === "t")?.type).toBe("datetime[ns]");
    expect(edited.height).toBe(rows);
    expect(opened.lines.join("\n")).toMatch(/changed by another program/);
  });
});

describe("what ArcticDB can't hold is refused, and the old data stays", () => {
  const old = () => frame({ id: [1, 2] }, { id: "int32" });

  async function refused(wrong: DataFrame, message: RegExp, kind = "FidelityError"): Promise<void> {
    const saver = opened.storage.saver();
    await saver.saveData(old(), "stays");
    await expect(saver.saveData(wrong, "stays")).rejects.toMatchObject({
      name: kind,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/./),
      frame: "stays",
    });
    expect(await compareFrames(await opened.storage.source().getData("stays"), old())).toBeNull();
  }

  test("a column without a name, which would end ArcticDB's process", async () => {
    const nameless = await old().lazy().select(pl.col("id"), pl.col("id").alias("")).collect();
    await refused(nameless, /Column 2.*name is empty/);
  });

  test("a NUL in a column's name, where ArcticDB would cut it", async () => {
    await refused(frame({ "a\0b": [1] }, { "a\0b": "int8" }), /NUL/);
  });

  test("two columns with one name never reach ArcticDB", async () => {
    const twice = pl.DataFrame([pl.Series("a", [1]), pl.Series("b", [2])]);
    expect(() => {
      twice.columns = ["a", "a"];
    }).toThrow();
  });

  test.each(["a*b", "a&b", "a<b", "é", "x".repeat(255), "../x", ""])("a symbol named %j", async (name) => {
    await expect(opened.storage.saver().saveData(old(), name)).rejects.toMatchObject({ name: "InvalidNameError" });
    await expect(opened.storage.source().getData(name)).rejects.toMatchObject({ name: "InvalidNameError" });
  });

  test("a time column that is not sorted, has a null, or is no time", async () => {
    const saver = opened.storage.saver();
    const save = (values: unknown[], type: string) =>
      saver.saveData(frame({ t: values }, { t: type }), "series", { timeColumn: "t" });
    await expect(save(["2024-01-02", "2024-01-01"], "date")).rejects.toMatchObject({
      name: "SchemaError",
      message: expect.stringMatching(/row 2 is earlier/),
      hint: expect.stringMatching(/sort/),
    });
    await expect(save(["2024-01-02", null], "date?")).rejects.toMatchObject({
      message: expect.stringMatching(/null in row 2/),
    });
    await expect(save(["2024-01-02"], "string")).rejects.toMatchObject({ name: "SchemaError" });
    expect(await opened.storage.source().listSources()).not.toContain("series");
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareFrames } from "../../../src/frame/compare.ts";
import { frame } from "../../../src/frame/frame.ts";
import { type DataFrame, pl } from "../../../src/frame/polars.ts";
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

  test("columns named like patterns of polars", async () => {
    await comesBack(
      frame({ "*": [1, null], "^a.*$": [3, 4], abc: [5, 6] }, { "*": "int64?", "^a.*$": "int8", abc: "int8" }),
      "patterns",
    );
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

  test("a list, with its column and its first row", async () => {
    await refused(
      frame({ id: [1, 2], tags: [null, ["a"]] }, { id: "int8", tags: "list[string]?" }),
      /"tags", row 2.*list/,
    );
  });

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

import { expect, test } from "vitest";
import type { Checks } from "../../../src/contracts/check.ts";
import { columnsOf, heightOf } from "../../../src/frame/access.ts";
import { sliceFrame } from "../../../src/frame/batches.ts";
import { frame } from "../../../src/frame/frame.ts";
import { frameSchema } from "../../../src/frame/frame-schema.ts";
import { type DataFrame, pl } from "../../../src/frame/polars.ts";
import { records } from "../../../src/frame/records.ts";
import { Checker } from "../../../src/pipelines/checks/checker.ts";
import { defineChecks } from "../../../src/pipelines/checks/define.ts";
import { checkBatches, evaluateChecks } from "../../../src/pipelines/checks/evaluate.ts";
import { assertChecks } from "../../../src/pipelines/checks/place.ts";
import { CheckError } from "../../../src/pipelines/checks/report.ts";
import {
  between,
  check,
  drift,
  freshness,
  increasing,
  matches,
  max,
  min,
  notNull,
  oneOf,
  onFail,
  unique,
  where,
} from "../../../src/pipelines/checks/rules.ts";

/** Numbers of the rows, from 1, that a check puts aside; the same whether the rows come at once or two at a time. */
async function broken(df: DataFrame, checks: Checks): Promise<number[]> {
  const whole = await evaluateChecks(df, checks, { onFail: "quarantine" });
  const rows = whole.bad?.faults.map(({ row }) => row) ?? [];
  await using checker = new Checker(checks, { onFail: "quarantine" });
  const inBatches: number[] = [];
  for (const batch of sliceFrame(df, 2))
    inBatches.push(...((await checker.take(batch)).bad?.faults ?? []).map(({ row }) => row));
  expect(inBatches).toEqual(rows);
  expect((await checker.finish()).broken).toEqual(whole.broken);
  expect(heightOf(whole.good) + rows.length).toBe(heightOf(df));
  return rows;
}

test("notNull finds nulls of every type, and takes NaN and the empty text for values", async () => {
  const df = frame({ a: [1, null, Number.NaN], b: ["", null, "x"] }, { a: "float64?", b: "string?" });
  expect(await broken(df, { a: notNull() })).toEqual([2]);
  expect(await broken(df, { b: [notNull()] })).toEqual([2]);
});

test("between tells apart whole numbers beyond 2^53", async () => {
  const big = 2n ** 53n;
  const df = frame({ id: [big, big + 1n, big + 2n, null] }, { id: "int64?" });
  expect(await broken(df, { id: between(big + 1n, big + 1n) })).toEqual([1, 3]);
  expect(await broken(df, { id: between(big + 1n, 2n ** 70n) })).toEqual([1]);
  const unsigned = frame({ id: [0n, 2n ** 64n - 1n] }, { id: "uint64" });
  expect(await broken(unsigned, { id: between(-5, 2n ** 64n - 2n) })).toEqual([2]);
  expect(await broken(unsigned, { id: between(0.5, Number.POSITIVE_INFINITY) })).toEqual([1]);
});

test("between finds NaN, and takes -0 for 0", async () => {
  const df = frame({ a: [Number.NaN, -0, 1e6, 1e6 + 1e-9, Number.NEGATIVE_INFINITY, null] }, { a: "float64?" });
  expect(await broken(df, { a: between(0, 1e6) })).toEqual([1, 4, 5]);
  expect(await broken(df, { a: min(0) })).toEqual([1, 5]);
  expect(await broken(df, { a: max(5) })).toEqual([1, 3, 4]);
});

test("between holds decimals against the decimal that is written", async () => {
  const df = frame({ a: ["0.09", "0.10", "0.30", "0.31", "-5.00"] }, { a: "decimal(12, 2)" });
  expect(await broken(df, { a: between(0.1, "0.3") })).toEqual([1, 4, 5]);
  expect(await broken(df, { a: between("0.095", "0.305") })).toEqual([1, 4, 5]);
  expect(await broken(df, { a: between(-1e40, 1e40) })).toEqual([]);
  const digits = frame({ a: ["9".repeat(38), `${"9".repeat(37)}8`] }, { a: "decimal(38, 0)" });
  expect(await broken(digits, { a: max(`${"9".repeat(37)}8`) })).toEqual([1]);
});

test("between holds times to the nanosecond, on the column's own clock", async () => {
  const ts = ["2024-03-31T00:00:00.000000001", "2024-03-31T00:00:00.000000002", "2024-03-31T00:00:00.000000003"];
  const df = frame({ ts }, { ts: "datetime[ns]" });
  expect(await broken(df, { ts: between(ts[1] as string, ts[1] as string) })).toEqual([1, 3]);
  const zoned = frame(
    { ts: [new Date("2024-06-01T21:59:59Z"), new Date("2024-06-01T22:00:00Z")] },
    { ts: "datetime[ms, Europe/Berlin]" },
  );
  expect(await broken(zoned, { ts: min("2024-06-02") })).toEqual([1]);
  const coarse = frame({ ts: ["2024-03-31T00:00:00.000", "2024-03-31T00:00:00.001"] }, { ts: "datetime[ms]" });
  expect(await broken(coarse, { ts: max("2024-03-31T00:00:00.000999999") })).toEqual([2]);
  const days = frame({ day: ["2024-01-01", "2024-01-02"] }, { day: "date" });
  expect(await broken(days, { day: min(new Date("2024-01-01T12:00:00Z")) })).toEqual([1]);
  const clock = frame({ at: ["09:29:59", "09:30:00"], took: [59_999n, 60_000n] }, { at: "time", took: "duration[ms]" });
  expect(await broken(clock, { at: min("09:30:00") })).toEqual([1]);
  expect(await broken(clock, { took: max("59999ms") })).toEqual([2]);
});

test("between compares texts by their code points", async () => {
  const df = frame({ a: ["a", "z", "é", "B"] }, { a: "categorical" });
  expect(await broken(df, { a: between("a", "z") })).toEqual([3, 4]);
});

test("oneOf compares in the column's own type", async () => {
  const df = frame(
    {
      n: [2n ** 53n, 2n ** 53n + 1n, null],
      s: ["x", "y", null],
      d: ["1.50", "2.00", null],
      day: ["2024-01-01", "2024-01-02", null],
    },
    { n: "int64?", s: 'enum["x","y"]?', d: "decimal(4, 2)?", day: "date?" },
  );
  expect(await broken(df, { n: oneOf(2n ** 53n + 1n) })).toEqual([1]);
  expect(await broken(df, { s: oneOf("y") })).toEqual([1]);
  expect(await broken(df, { d: oneOf("1.50") })).toEqual([2]);
  expect(await broken(df, { day: oneOf("2024-01-02") })).toEqual([1]);
  await expect(evaluateChecks(df, { n: oneOf("five") })).rejects.toThrow('oneOf() at the column "n" of type int64');
});

test("matches means what pattern.test means, whatever the pattern", async () => {
  const texts = ["AAPL", "aapl", "A🚂", "٣", "x\n", "a.b", "K", "", "a-b", " a"];
  const df = frame({ s: [...texts, null] }, { s: "string?" });
  const patterns = [
    /^[A-Z]+$/,
    /^\d$/,
    /^.$/,
    /^..$/u,
    /k/i,
    /^[^x]/,
    /\bB/i,
    /(?<=a)\./,
    /^a[.-]b$/,
    /^\w*$/,
    /\s/,
    /a|x$/g,
    /^(?:A+|a{4}|[a-z]{2,4})$/,
    /^$/,
    /[ ]a/,
    /\//,
  ];
  const checks = { s: patterns.map((pattern) => matches(pattern)) };
  await broken(df, checks);
  const { bad } = await evaluateChecks(df, checks, { onFail: "quarantine" });
  const found = patterns.map((pattern) =>
    (bad?.faults ?? []).filter(({ checks: names }) => names.includes(`"s" matches(${pattern})`)).map(({ row }) => row),
  );
  const expected = patterns.map(({ source, flags }) => {
    const pattern = new RegExp(source, flags.replace("g", ""));
    return texts.flatMap((text, index) => (pattern.test(text) ? [] : [index + 1]));
  });
  expect(found).toEqual(expected);
});

test("unique keeps the first of each kind, over one column or several, and over all batches", async () => {
  const df = frame(
    { symbol: ["A", "B", "A", "A", null, null, "B"], day: ["1", "1", "2", "1", "9", "9", "3"] },
    { symbol: "string?", day: "categorical" },
  );
  expect(await broken(df, { symbol: unique() })).toEqual([3, 4, 7]);
  expect(await broken(df, { row: unique("symbol", "day") })).toEqual([4]);
  expect(await broken(df, { symbol: unique("day") })).toEqual([4]);
});

test("unique takes NaN for NaN and -0 for 0, and knows lists, bytes and large numbers", async () => {
  const df = frame(
    {
      f: [Number.NaN, 0, Number.NaN, -0],
      l: [[1n], [1n, null], [1n], []],
      b: [new Uint8Array([1]), new Uint8Array([2]), new Uint8Array([1]), new Uint8Array()],
      n: [2n ** 53n, 2n ** 53n + 1n, 5n, 2n ** 53n],
    },
    { f: "float64", l: "list[int64]", b: "binary", n: "int64" },
  );
  expect(await broken(df, { f: unique() })).toEqual([3, 4]);
  expect(await broken(df, { l: unique() })).toEqual([3]);
  expect(await broken(df, { b: unique() })).toEqual([3]);
  expect(await broken(df, { n: unique() })).toEqual([4]);
});

test("increasing finds every row that is behind one before it", async () => {
  const df = frame(
    { n: [1n, 5n, 2n, 3n, null, 5n, 6n], f: [1, Number.NaN, 0, 2, 2, null, 3] },
    { n: "int64?", f: "float64?" },
  );
  expect(await broken(df, { n: increasing() })).toEqual([3, 4]);
  expect(await broken(df, { n: increasing({ strict: true }) })).toEqual([3, 4, 6]);
  expect(await broken(df, { f: increasing() })).toEqual([2, 3]);
  const others = frame({ ts: ["2024-01-02", "2024-01-01", "2024-01-03"], d: ["-0.05", "-0.06", "1.00"] }, {
    ts: "datetime[ns, UTC]",
    d: "decimal(9, 2)",
  } as never);
  expect(await broken(others, { ts: increasing() })).toEqual([2]);
  expect(await broken(others, { d: increasing() })).toEqual([2]);
});

test("functions of one's own look at a value, at a row or at the frame", async () => {
  const df = frame({ low: [1, 5, 2], high: [2, 4, 3], "^h.*$": [1, 1, 1] });
  expect(await broken(df, { high: (value: number) => value !== 4 })).toEqual([2]);
  expect(
    await broken(df, { row: check("in order", (row: { low: number; high: number }) => row.low <= row.high) }),
  ).toEqual([2]);
  expect(await broken(df, { row: where("in order", (column) => column("low").ltEq(column("high"))) })).toEqual([2]);
  expect(await broken(df, { "^h.*$": between(1, 1) })).toEqual([]);
  const found = await evaluateChecks(df, {
    frame: async (whole: DataFrame) => (heightOf(whole) === 3 ? "three are unlucky" : true),
  });
  expect(found.broken[0]?.message).toBe(
    "The frame breaks own check: three are unlucky.".replace("own check", found.broken[0]?.check ?? ""),
  );
  expect(found.stop).toBeInstanceOf(CheckError);
});

test("rows are counted, and compared with those of earlier saves", async () => {
  const df = frame({ a: [1, 2, 3] });
  const messages = async (checks: Checks, lastRows?: number | number[]) =>
    (await evaluateChecks(df, checks, lastRows === undefined ? {} : { lastRows })).broken.map(({ message }) => message);
  expect(await messages({ rows: [min(3), max(3), drift(0.5)] })).toEqual([]);
  expect(await messages({ rows: [min(4), max(2)] })).toEqual([
    "The frame breaks min(4): there are 3 rows, fewer than 4.",
    "The frame breaks max(2): there are 3 rows, more than 2.",
  ]);
  expect(await messages({ rows: drift(0.5) }, 6)).toEqual([]);
  expect(await messages({ rows: drift(0.5) }, [7, 7, 1_000])).toEqual([
    "The frame breaks drift(0.5): there are 3 rows where the last saves had, in the middle, 7: more than 50 % away.",
  ]);
});

test("freshness holds the newest time against now", async () => {
  const df = frame({ ts: ["2024-01-01T00:00:00", "2024-01-02T00:00:00", null] }, { ts: "datetime[us]?" });
  const at = async (now: string, checks: Checks = { freshness: { column: "ts", maxAge: "1d" } }, of = df) =>
    (await evaluateChecks(of, checks, { now: new Date(now) })).broken.map(({ message }) => message);
  expect(await at("2024-01-03T00:00:00Z")).toEqual([]);
  expect(await at("2024-01-03T00:00:00.001Z", { freshness: freshness("ts", "1d") })).toEqual([
    'Column "ts" breaks freshness("ts", "1d"): its newest time is 2024-01-02T00:00:00.000Z, and now is 2024-01-03T00:00:00.001Z.',
  ]);
  expect(await at("2024-01-03", { freshness: freshness("ts", "1d") }, df.head(0))).toEqual([
    'Column "ts" breaks freshness("ts", "1d"): there is no time in it.',
  ]);
});

test("an error that names neither column nor row: here it names both, the rule, the value and how many", async () => {
  const df = frame({ symbol: ["A", "B", "A"], close: [1, -2, -3] });
  const { stop } = await evaluateChecks(
    df,
    { close: between(0, 10), row: unique("symbol") },
    { storage: "csv", destination: "prices" },
  );
  expect(stop).toMatchObject({ code: "CHECK_FAILED", storage: "csv", frame: "prices", retryable: false });
  expect(stop?.message).toBe(
    'Column "close" breaks between(0, 10) in 2 of 3 rows, first in row 2 (-2). And 1 more: unique("symbol") in 1 rows.',
  );
  expect(stop?.broken.map(({ samples }) => samples)).toEqual([
    [
      { row: 2, value: -2 },
      { row: 3, value: -3 },
    ],
    [{ row: 3, value: { symbol: "A" } }],
  ]);
});

test("a rule has the answer that it is given, else that of the step", async () => {
  const df = frame({ a: [1, 2, 3, 4] });
  const checks = { a: [onFail("warn", max(3)), onFail("quarantine", min(2))], rows: onFail("quarantine", min(9)) };
  const { broken: found, bad, good, stop } = await evaluateChecks(df, checks, { onFail: "stop" });
  expect(found.map(({ check: rule, onFail: answer }) => [rule, answer])).toEqual([
    ["max(3)", "warn"],
    ["min(2)", "quarantine"],
    ["min(9)", "stop"],
  ]);
  expect(records(good)).toEqual([{ a: 2 }, { a: 3 }, { a: 4 }]);
  expect(bad?.faults.map(({ row, checks: names }) => [row, names])).toEqual([[1, ['"a" min(2)']]]);
  expect(stop?.message).toBe("The frame breaks min(9): there are 4 rows, fewer than 9.");
});

test("batches go through, and the last one is followed by the error, so that a saver undoes its save", async () => {
  const batches = (async function* () {
    yield* sliceFrame(frame({ a: [1, 2, 3, 1] }), 2);
  })();
  const passed: unknown[] = [];
  const reading = (async () => {
    for await (const batch of checkBatches(batches, { a: unique() })) passed.push(...records(batch));
  })();
  await expect(reading).rejects.toThrow('Column "a" breaks unique() in row 4 (1).');
  expect(passed).toHaveLength(4);
});

test("a frame without rows breaks no rule on rows", async () => {
  const df = frame([], { a: "int64", ts: "datetime[us]" });
  expect(
    await broken(df, { a: [notNull(), unique(), increasing(), between(1, 2)], row: (row: object) => row === null }),
  ).toEqual([]);
});

test("a column that is not there is named, with the nearest one", async () => {
  await expect(evaluateChecks(frame({ close: [1] }), { clsoe: notNull() }, { destination: "prices" })).rejects.toThrow(
    'There is no column "clsoe". Did you mean "close"?',
  );
});

test("checks that are no checks are all told at once", () => {
  const wrong = {
    close: [drift(0.5), 5],
    rows: notNull(),
    row: [unique(), between(1, 2)],
    freshness: { column: 1 },
    frame: unique("a"),
  };
  expect(assertChecks(wrong)).toHaveLength(7);
  expect(assertChecks([])).toEqual(["`checks` has to be an object of rules by column, as { close: [notNull()] }"]);
  expect(assertChecks({ "column:rows": notNull(), rows: min(1) })).toEqual([]);
  expect(() => new Checker({ a: drift(0.1) })).toThrow("The checks are wrong: drift(0.1) can't stand at the column");
});

test("a rule that can't check a column's type says so, with the column", async () => {
  const df = frame({ flag: [true], list: [[1]] });
  await expect(evaluateChecks(df, { flag: between(0, 1) })).rejects.toThrow(
    'between(0, 1) can\'t check the column "flag" of type boolean.',
  );
  await expect(evaluateChecks(df, { list: oneOf(1) })).rejects.toThrow('can\'t check the column "list"');
  await expect(evaluateChecks(df, { flag: freshness("flag", 1) as never })).rejects.toThrow();
});

test("the type checker knows the columns of a schema and what their rules are for", () => {
  const prices = frameSchema({ symbol: "string", close: "float64?", rows: "int64", ts: "datetime[us, UTC]" });
  const checks = defineChecks(prices, {
    symbol: [notNull(), matches(/^[A-Z]+$/), oneOf("A", "B")],
    close: [between(0, 1e6), (value) => value === null || value < 1e6],
    "column:rows": notNull(),
    ts: [increasing()],
    row: [unique("symbol", "ts"), (row) => row.symbol !== "X"],
    rows: [min(1), drift(0.5)],
    freshness: freshness("ts", "1d"),
    frame: (df) => columnsOf(df).length > 0,
  });
  expect(Object.keys(checks)).toContain("close");
  // @ts-expect-error: no such column
  expect(() => defineChecks(prices, { clsoe: notNull() })).toThrow('Did you mean "close"?');
  // @ts-expect-error: a pattern is for texts
  expect(() => defineChecks(prices, { close: matches(/a/) })).not.toThrow();
  // @ts-expect-error: no such column
  expect(() => defineChecks(prices, { row: unique("symbl") })).toThrow("symbl");
  // @ts-expect-error: no such column
  expect(() => defineChecks(prices, { freshness: freshness("tz", "1d") })).toThrow("tz");
  // @ts-expect-error: drift counts rows
  expect(() => defineChecks(prices, { close: drift(0.5) })).toThrow("it counts rows");
});

test("unique over many batches remembers a few bytes for each row, and nothing of its files stays", async () => {
  const rows = 400_000;
  const ids = BigInt64Array.from({ length: rows }, (_, index) => BigInt(index) * 7919n);
  ids[rows - 1] = 7919n;
  const df = frame({
    id: ids,
    text: Array.from({ length: rows }, (_, index) => `a text of some length, number ${index % 399_999}`),
  });
  await using checker = new Checker({ id: unique(), text: unique() });
  for (const batch of sliceFrame(df, 50_000)) await checker.take(batch);
  const { broken: found } = await checker.finish();
  expect(found.map(({ column, rows: count, samples }) => [column, count, samples[0]?.row])).toEqual([
    ["id", 1, rows],
    ["text", 1, rows],
  ]);
});

test("an expression of one's own sees the polars functions", async () => {
  const df = frame({ close: [1.25, 1.251, null] }, { close: "float64?" });
  expect(
    await broken(df, {
      close: where("whole cents", (column) =>
        column("close")
          .mul(pl.lit(100))
          .round(0)
          .eq(column("close").mul(pl.lit(100))),
      ),
    }),
  ).toEqual([2]);
});

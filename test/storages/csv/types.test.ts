import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseIso } from "../../../src/frame/iso.ts";
import { type DataFrame, pl } from "../../../src/frame/polars.ts";
import { schemaOf } from "../../../src/frame/schema.ts";
import { withFiles } from "./files.ts";

const digits = (most: number) => fc.stringMatching(new RegExp(`^\\d{1,${most}}$`));
const two = (from: number, to: number) => fc.integer({ min: from, max: to }).map((n) => String(n).padStart(2, "0"));
const day = fc
  .tuple(fc.constantFrom("0000", "0001", "1677", "1969", "2000", "2024", "2262", "9999"), two(1, 12), two(1, 31))
  .map((parts) => parts.join("-"));
const clock = fc
  .tuple(two(0, 23), two(0, 59), two(0, 59), digits(9), fc.integer({ min: 0, max: 2 }))
  .map(([h, m, s, f, form]) => [`${h}:${m}`, `${h}:${m}:${s}`, `${h}:${m}:${s}.${f}`][form] as string);
const time = fc.tuple(day, fc.constantFrom("T", " "), clock).map((parts) => parts.join(""));
const zone = fc.constantFrom("Z", "+00:00", "-0930", "+05:45", "-23:59");

/** Texts of one kind each; "odd" ones come among any. */
const kinds: Record<string, fc.Arbitrary<string>> = {
  whole: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map(String),
  small: fc.integer({ min: -1000, max: 1000 }).map(String),
  decimal: fc.tuple(fc.integer(), digits(4)).map((parts) => parts.join(".")),
  double: fc.double().map(String),
  long: fc.tuple(fc.constantFrom("0.", "-1.", "9.", "12345."), digits(19)).map((parts) => parts.join("")),
  date: day,
  wall: time,
  seconds: fc.tuple(day, two(0, 23)).map(([d, h]) => `${d} ${h}:00:00`),
  instant: fc.tuple(time, zone).map((parts) => parts.join("")),
  truth: fc.constantFrom("true", "false"),
};
const odd = fc.constantFrom(
  ..."007,+1,-0,-,.5,5.,1e3,1e400,1.2.3,1-2,--1,NaN,-inf,99999999999999999999,9223372036854775808".split(","),
  ...[
    "2023-02-29",
    "2024-01-01T24:00",
    "2024-01-01T10:00:60",
    "2024-01-01T10:00:00.",
    "2024-01-01T10:00+24:00",
    "x",
    " 1",
  ],
);

const column = fc.constantFrom(...Object.keys(kinds)).chain((kind) =>
  fc.array(fc.oneof({ weight: 30, arbitrary: kinds[kind] as fc.Arbitrary<string> }, { weight: 1, arbitrary: odd }), {
    minLength: 6,
    maxLength: 6,
  }),
);

const unitNs: Record<string, bigint> = { ms: 1_000_000n, us: 1_000n, ns: 1n };

/** What a value of that type has to be, as polars prints it after a cast to int64 or text. */
function expectedOf(text: string, type: string): string {
  if (type === "float64") return String(Number(text.replace(/^-?inf$/, (sign) => sign.replace("inf", "Infinity"))));
  if (!type.startsWith("datetime")) return text;
  const moment = parseIso(text);
  if (!moment) throw new Error(`${text} was read as a time`);
  const ns = moment.wallNs - (moment.offsetNs ?? 0n);
  const unit = unitNs[type.slice(9, 11)] as bigint;
  if (ns % unit !== 0n) throw new Error(`${text} was cut to ${type}`);
  return String(ns / unit);
}

function printed(frame: DataFrame, name: string, type: string): string[] {
  if (type === "float64") return frame.getColumn(name).toArray().map(String);
  const value = type.startsWith("datetime") ? pl.col(name).cast(pl.Int64) : pl.col(name);
  return frame.select(value.cast(pl.String).alias(name)).getColumn(name).toArray() as string[];
}

function significant(text: string): string {
  return text
    .replace(/e.*$/i, "")
    .replace(/[^0-9a-z]/gi, "")
    .replace(/^0+|0+$/g, "");
}

test("whatever the texts look like, the types that are found hold each of them to the last digit", async () => {
  const { context, source } = await withFiles({ "y.csv": "a\n" });
  const found = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(column, { minLength: 4, maxLength: 4 }), async (columns) => {
      const rows = Array.from({ length: 6 }, (_, i) => columns.map((texts) => texts[i]).join(","));
      await writeFile(join(context.config.FS_DATA, "x.csv"), `a,b,c,d\n${rows.join("\n")}\n`);
      const frame = await source.getData("x");
      for (const [i, { name, type }] of schemaOf(frame).fields.entries()) {
        const texts = columns[i] as string[];
        found.add(type);
        expect(printed(frame, name, type)).toEqual(texts.map((text) => expectedOf(text, type)));
        if (type !== "float64") continue;
        const numbers = texts.filter((text) => /\d/.test(text));
        expect(numbers.map((text) => significant(String(Number(text))))).toEqual(numbers.map(significant));
      }
    }),
    { numRuns: 40, seed: 5 },
  );
  expect([...found].sort()).toEqual(expect.arrayContaining(["boolean", "date", "float64", "int64", "string"]));
  expect([...found].filter((type) => type.startsWith("datetime")).length).toBeGreaterThan(2);
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { frame } from "../../src/frame/frame.ts";
import { parseIso } from "../../src/frame/iso.ts";
import { PlainMoment } from "../../src/frame/iso-plain.ts";
import { records } from "../../src/frame/records.ts";

const part = (max: number, digits = 2) => fc.nat({ max }).map((value) => String(value).padStart(digits, "0"));
/** Moments as machines write them, a few of them no moments. */
const texts = fc
  .tuple(
    part(9_999, 4),
    part(13),
    part(32),
    fc.constantFrom("T", " "),
    part(24),
    part(60),
    part(60),
    fc.oneof(fc.constant(""), fc.stringMatching(/^[.,]\d{0,10}$/), fc.constant(".12x")),
    fc.constantFrom("", "Z", "z", "+02:00", "Q"),
  )
  .map(
    ([year, month, day, between, hour, minute, second, fraction, end]) =>
      `${year}-${month}-${day}${between}${hour}:${minute}:${second}${fraction}${end}`,
  );

describe("the quick reader of moments", () => {
  test("reads nothing else than the thorough one, and the same", () => {
    const moment = new PlainMoment();
    let read = 0;
    const property = fc.property(texts, (text) => {
      if (!moment.read(text)) return;
      read++;
      const thorough = parseIso(text);
      expect(BigInt(moment.seconds) * 1_000_000_000n + BigInt(moment.nanoseconds)).toBe(thorough?.wallNs);
      expect(moment.utc).toBe(thorough?.offsetNs === 0n);
    });
    fc.assert(property, { numRuns: 5_000 });
    expect(read).toBeGreaterThan(500);
  });

  test.each([
    "2023-02-29T00:00:00",
    "2024-13-01T00:00:00",
    "2024-01-01T24:00:00",
    "2024-01-01T00:00:60",
    "2024-01-01T00:00:00.",
    "2024-01-01T00:00:00.1234567890",
    "2024-0a-01T00:00:00",
  ])("%s is no moment, also after a good one", (text) => {
    const schema = { at: "datetime[ns]" };
    expect(() => frame([{ at: "2023-02-28T00:00:00" }, { at: text }], schema)).toThrow("Row 1");
  });
});

describe("datetimes as texts and Dates", () => {
  const ms = fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 });

  test("show what Date shows, in every unit", () => {
    const property = fc.property(ms, (at) => {
      const iso = new Date(at).toISOString();
      const wall = iso.slice(0, -1);
      const schema = { ms: "datetime[ms]", us: "datetime[us, UTC]", date: "datetime[ms, Asia/Kathmandu]" };
      const df = frame({ ms: [BigInt(at)], us: [BigInt(at) * 1_000n + 7n], date: [BigInt(at)] }, schema);
      expect(records(df)).toEqual([{ ms: wall, us: `${wall}007Z`, date: new Date(at) }]);
    });
    fc.assert(property, { numRuns: 200 });
  });

  test("go in to the tick that they show", () => {
    const property = fc.property(ms, fc.constantFrom("ms", "us"), (at, unit) => {
      const ticks = BigInt(at) * (unit === "ms" ? 1n : 1_000n);
      const given = [new Date(at), new Date(at).toISOString().slice(0, -1), ticks];
      const df = frame(
        { at: given, same: [ticks, ticks, ticks] },
        { at: `datetime[${unit}]`, same: `datetime[${unit}]` },
      );
      for (const row of records(df)) expect(row.at).toBe(row.same);
    });
    fc.assert(property, { numRuns: 200 });
  });

  test.each([
    ["datetime[ns]", "9999-01-01T00:00:00"],
    ["datetime[us]", "2200-01-01T00:00:00.0000005"],
    ["datetime[ms]", "2200-01-01T00:00:00.0009"],
    ["datetime[ns]", new Date(8.64e15)],
  ])("%s takes nothing that it can't hold to the last digit: %s", (type, at) => {
    expect(() => frame([{ at }], { at: type })).toThrow("does not fit");
  });

  test.each([
    ["datetime[ns]", -(2n ** 63n), "1677-09-21T00:12:43.145224192"],
    ["datetime[us]", -(2n ** 63n), "-290308-12-21T19:59:05.224192"],
    ["datetime[us]", 2n ** 63n - 1n, "+294247-01-10T04:00:54.775807"],
    ["datetime[us]", 8_999_999_999_999_999n, "2255-03-14T15:59:59.999999"],
    ["datetime[us, Europe/Berlin]", -1n, "1969-12-31T23:59:59.999999Z"],
    ["datetime[ms]", 8_640_000_000_000_001n, 8_640_000_000_000_001n],
    ["datetime[ms, UTC]", -8_640_000_000_000_001n, -8_640_000_000_000_001n],
    ["datetime[ms]", -62_167_219_200_001n, "-000001-12-31T23:59:59.999"],
  ])("%s of %s ticks is %s, and goes back", (type, ticks, shown) => {
    const df = frame({ at: [ticks] }, { at: type });
    expect(records(df)).toEqual([{ at: shown }]);
    expect(records(frame(records(df), { at: type }))).toEqual([{ at: shown }]);
  });
});

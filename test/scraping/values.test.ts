import { describe, expect, test } from "vitest";
import { SchemaError } from "../../src/errors.ts";
import { parseInteger, parseNumber, parsePercent } from "../../src/scraping/values.ts";

describe("parseNumber", () => {
  test.each([
    ["1.2B", 1.2e9],
    ["350.10K", 350_100],
    ["4.35M", 4_350_000],
    ["2.06T", 2.06e12],
    ["1,234,567.5", 1_234_567.5],
    ["$1,234", 1234],
    ["-$3.5", -3.5],
    ["(7.25)", -7.25],
    ["\u221212.5", -12.5],
    ["+3", 3],
    [".5", 0.5],
    ["1\u202f234", 1234],
    ["1'234.5", 1234.5],
    ["0", 0],
  ])("reads %j", (text, value) => {
    expect(parseNumber(text)).toBe(value);
  });

  test.each(["", " ", "-", "–", "—", "N/A"])("takes %j for no value", (text) => {
    expect(parseNumber(text)).toBeNull();
  });

  test.each([
    "abc",
    "1.2.3",
    "1,2",
    "12,34,567",
    "1.2X",
    "1.2%",
    "--5",
    "(-5)",
    "NaN",
    "Infinity",
    "1e5",
    "1 2",
    "0x10",
  ])("refuses %j and names the text", (text) => {
    expect(() => parseNumber(text)).toThrow(SchemaError);
    expect(() => parseNumber(text)).toThrow(JSON.stringify(text));
  });

  test("reads a decimal comma when told so, and then refuses the point as one", () => {
    expect(parseNumber("1.234.567,5", { decimal: "," })).toBe(1_234_567.5);
    expect(() => parseNumber("1,234.5", { decimal: "," })).toThrow(SchemaError);
  });
});

describe("parsePercent", () => {
  test("gives the fraction that is nearest to the shown text", () => {
    expect(parsePercent("-1.25%")).toBe(-0.0125);
    expect(parsePercent("29 %")).toBe(0.29);
    expect(parsePercent("-")).toBeNull();
  });

  test("refuses a text without a percent sign", () => {
    expect(() => parsePercent("1.25")).toThrow(SchemaError);
  });
});

describe("parseInteger", () => {
  test("reads whole numbers", () => {
    expect(parseInteger("12,345,678")).toBe(12_345_678);
    expect(parseInteger("1.5M")).toBe(1_500_000);
  });

  test("refuses a fraction and what would lose digits", () => {
    expect(() => parseInteger("1.5")).toThrow(SchemaError);
    expect(() => parseInteger("9,007,199,254,740,993")).toThrow(SchemaError);
  });
});

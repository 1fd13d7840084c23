import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConflictError, InvalidNameError } from "../../src/errors.ts";
import { assertDistinct, checkName, nameOfSegment, plainName, segmentName } from "../../src/frame/names.ts";

describe("the rule of names", () => {
  test.each(["prices", "Daily prices 2024", "a.b.c", "größe", "日本", "x-1_2", "nullable", "console", "com10"])(
    "takes %s",
    (name) => {
      expect(() => checkName(name)).not.toThrow();
    },
  );

  test.each([
    "",
    ".",
    "..",
    "../x",
    ".hidden",
    "a/../b",
    "/etc/passwd",
    "a\\b",
    "C:x",
    "a\0b",
    "a\nb",
    "a\u202Eb",
    "a\u200Bb",
    "a\uFEFF",
    "\uD800",
    "con",
    "NUL.csv",
    "Com1.tar.gz",
    "lpt9",
    "aux ",
    "a.",
    "a ",
    " a",
    "\u00a0a",
    "what?",
    "x".repeat(201),
    "é".repeat(101),
  ])("refuses %j", (name) => {
    expect(() => checkName(name, { storage: "csv" })).toThrow(InvalidNameError);
    expect(() => checkName(`folder/${name}`, { storage: "csv", folders: true })).toThrow(InvalidNameError);
  });

  test.each([null, undefined, 7, {}, ["a"]])("refuses what is no text: %j", (name) => {
    expect(() => checkName(name)).toThrow(InvalidNameError);
  });

  test("takes sub-folders only where the storage has them", () => {
    expect(() => checkName("a/b")).toThrow("sub-folders");
    expect(() => checkName("a/b", { folders: true })).not.toThrow();
    for (const name of ["/a", "a//b", "a/", "/"])
      expect(() => checkName(name, { folders: true })).toThrow(InvalidNameError);
  });

  test("holds a storage's own limit", () => {
    expect(() => checkName("x".repeat(64), { maxBytes: 63 })).toThrow("64 bytes");
    expect(() => checkName("x".repeat(63), { maxBytes: 63 })).not.toThrow();
  });
});

test("the plain name of a csv file has no ending, and any other name stays", () => {
  expect(["a.csv", "a.tsv", "a.csv.gz", "d/a.csv.zst", "a", "a.csv.bak", ".csv", "a.csv.csv"].map(plainName)).toEqual([
    "a",
    "a",
    "a",
    "d/a",
    "a",
    "a.csv.bak",
    ".csv",
    "a.csv",
  ]);
});

describe("a name that differs only by case or Unicode form", () => {
  test.each([
    ["Prices", "prices"],
    ["caf\u00e9", "cafe\u0301"],
    ["STRASSE", "straße"],
    ["ΟΔΟΣ", "οδος"],
  ])("%s is refused beside %s", (name, existing) => {
    expect(() => assertDistinct(name, [existing], "csv")).toThrow(ConflictError);
  });

  test("is taken when it is the existing one, or differs visibly", () => {
    expect(() => assertDistinct("prices", ["Prices", "prices"], "csv")).not.toThrow();
    expect(() => assertDistinct("prices2", ["prices"], "csv")).not.toThrow();
  });
});

describe("a name as one path segment", () => {
  const names = fc.string({ unit: "binary", minLength: 1, maxLength: 40 }).filter((name) => name.isWellFormed());

  test("is readable", () => {
    expect(segmentName("Prices/A b.csv")).toBe("^prices%2f^a%20b.csv");
    expect(segmentName("..")).toBe("%2e%2e");
  });

  test("gives the name back, is safe and differs for different names also without case", () => {
    fc.assert(
      fc.property(names, names, (a, b) => {
        const segment = segmentName(a);
        expect(segment).toMatch(/^[a-z0-9_%^~-]([a-z0-9_.%^~-]*[a-z0-9_%^~-])?$/);
        if (!segment.includes("~")) expect(nameOfSegment(segment)).toBe(a);
        if (a !== b) expect(segmentName(b).toUpperCase()).not.toBe(segment.toUpperCase());
      }),
    );
  });

  test("is cut and hashed when it would be too long, and then tells no name", () => {
    const [a, b] = [segmentName("é".repeat(100)), segmentName(`${"é".repeat(99)}e`)];
    expect(a.length).toBeLessThanOrEqual(200);
    expect(a).not.toBe(b);
    expect(nameOfSegment(a)).toBeNull();
  });

  test.each(["A", "a b", "%zz", "%41", "^A"])("is not %s, which nothing is encoded to", (segment) => {
    expect(nameOfSegment(segment)).toBeNull();
  });
});

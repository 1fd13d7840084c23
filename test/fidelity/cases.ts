import { frame } from "../../src/frame/frame.ts";
import type { DataFrame } from "../../src/frame/polars.ts";

/** One line of docs/fidelity.md: a frame that every storage either gives back exactly or refuses. */
export interface FidelityCase {
  readonly group: string;
  readonly label: string;
  make(): DataFrame;
}

/** A frame of one column of that type, with a null, beside a column that numbers the rows. */
function column(group: string, type: string, label: string, values: readonly unknown[]): FidelityCase {
  return {
    group,
    label: label === "" ? `\`${type}\`` : `\`${type}\`: ${label}`,
    make() {
      const all = [...values, null, values[0]];
      return frame({ row: all.map((_, row) => row), value: all }, { row: "int32", value: `${type}?` });
    },
  };
}

function shape(label: string, make: () => DataFrame): FidelityCase {
  return { group: "Shapes", label, make };
}

const numbers = [
  column("Numbers", "int8", "", [-128, 0, 127]),
  column("Numbers", "int16", "", [-32_768, 0, 32_767]),
  column("Numbers", "int32", "", [-(2 ** 31), 0, 2 ** 31 - 1]),
  column("Numbers", "int64", "", [-(2n ** 63n), -(2n ** 53n) - 1n, 0n, 2n ** 53n + 1n, 2n ** 63n - 1n]),
  column("Numbers", "uint8", "", [0, 255]),
  column("Numbers", "uint16", "", [0, 65_535]),
  column("Numbers", "uint32", "", [0, 2 ** 32 - 1]),
  column("Numbers", "uint64", "", [0n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]),
  column("Numbers", "float32", "", [1.5, Math.fround(0.1), 1.401298464324817e-45, 3.4028234663852886e38]),
  column("Numbers", "float32", "NaN, ±Infinity, -0", [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    -0,
    0,
  ]),
  column("Numbers", "float64", "every digit", [0.1 + 0.2, 1 / 3, 2 ** 53, 1e21, 1e-7, 123_456_789.123_456_78]),
  column("Numbers", "float64", "largest and subnormal", [Number.MAX_VALUE, 5e-324, 2.2250738585072009e-308, -5e-324]),
  column("Numbers", "float64", "NaN, ±Infinity, -0", [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    -0,
    0,
  ]),
  column("Numbers", "decimal(12, 2)", "", ["-9999999999.99", "0.05", "-0.05", "0.00", "10.50"]),
  column("Numbers", "decimal(38, 10)", "", [`${"9".repeat(28)}.${"9".repeat(10)}`, "-0.0000000001", "1.0000000000"]),
  column("Numbers", "decimal(38, 0)", "", [`-${"9".repeat(38)}`, "9".repeat(38), "0"]),
  column("Numbers", "boolean", "", [true, false]),
];

const texts = [
  column("Texts", "string", '`""` apart from null', ["", " ", "a"]),
  column("Texts", "string", "emoji, combining marks, other scripts", [
    "🚂",
    "👩‍👩‍👧",
    "e\u0301",
    "é",
    "ﷺ",
    "\u{10ffff}",
    "\ufeffbom",
  ]),
  column("Texts", "string", "line ends, quotes, separators", [
    "a\nb",
    "a\r\nb",
    "\r",
    '"',
    '""',
    "a,b;c\td|e",
    "\\",
    "'",
  ]),
  column("Texts", "string", "leading zeros, numbers, dates, formulas", [
    "007",
    "+1",
    "1e5",
    "-0",
    "2024-01-01",
    "=1+1",
    "@x",
    "1,5",
    "true",
  ]),
  column("Texts", "string", "words for nothing: `NULL`, `NA`, `\\N`, `\\.`", [
    "NULL",
    "null",
    "NA",
    "NaN",
    "None",
    "\\N",
    "\\.",
  ]),
  column("Texts", "string", "1 MB in one value", ["x".repeat(1_000_000), "ü".repeat(500_000)]),
  column("Texts", "string", "a NUL character", ["a\0b", "\0"]),
  column("Texts", "categorical", "", ["b", "a", "", "007", "a"]),
  column("Texts", 'enum["low","hïgh;1",""]', "", ["hïgh;1", "low", ""]),
  column("Texts", "binary", "", [new Uint8Array(), Uint8Array.of(0, 10, 34, 92, 255), new Uint8Array(300).fill(7)]),
];

const times = [
  column("Times", "date", "1678 to 2261", ["1970-01-01", "1969-12-31", "2024-02-29", "1678-01-01", "2261-12-31"]),
  column("Times", "date", "year 1 and year 9999", ["0001-01-01", "1600-02-29", "9999-12-31"]),
  ...(["ms", "us", "ns"] as const).flatMap((unit) => {
    const last = { ms: "001", us: "001001", ns: "001001000" }[unit];
    const near = [
      `1969-12-31T23:59:59.${last}`,
      "1970-01-01T00:00:00",
      `2024-02-29T12:30:00.${last}`,
      "1678-01-01T00:00:00",
      "2262-01-01T00:00:00",
    ];
    const far = [`0001-01-01T00:00:00.${last}`, "1582-10-10T00:00:00", `9999-12-31T23:59:59.${last}`];
    return [
      column("Times", `datetime[${unit}]`, "1678 to 2262", near),
      column(
        "Times",
        `datetime[${unit}, UTC]`,
        "1678 to 2262",
        near.map((time) => `${time}Z`),
      ),
      ...(unit === "ns" ? [] : [column("Times", `datetime[${unit}]`, "year 1 and year 9999", far)]),
      ...(unit === "ns"
        ? []
        : [
            column(
              "Times",
              `datetime[${unit}, UTC]`,
              "year 1 and year 9999",
              far.map((time) => `${time}Z`),
            ),
          ]),
      column("Times", `datetime[${unit}, America/New_York]`, "the hours that clocks skip and repeat", [
        "2024-03-10T06:59:59Z",
        "2024-03-10T07:00:00Z",
        `2024-11-03T05:30:00.${last}Z`,
        `2024-11-03T06:30:00.${last}Z`,
        "1883-11-18T17:00:00Z",
      ]),
    ];
  }),
  column("Times", "datetime[us]", "wall clocks of a skipped hour", ["2024-03-10T02:30:00", "2024-03-31T02:30:00"]),
  column("Times", "datetime[ns]", "finer than a microsecond", [
    "2024-02-29T12:30:00.000000001",
    "1969-12-31T23:59:59.999999999",
  ]),
  column("Times", "datetime[ns, Asia/Kathmandu]", "finer than a microsecond", ["2024-02-29T12:30:00.000000001Z"]),
  column("Times", "time", "", ["00:00:00", "23:59:59.999999", "09:30:00.000001"]),
  column("Times", "time", "finer than a microsecond", ["23:59:59.999999999", "00:00:00.000000001"]),
  column("Times", "duration[ms]", "", [0n, -1n, 86_400_000n * 365n * 200_000n]),
  column("Times", "duration[us]", "", [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)]),
  column("Times", "duration[ns]", "", [0n, -1_000n, 90_061_000_001_000n]),
  column("Times", "duration[ns]", "finer than a microsecond", [-1n, 90_061_000_000_001n]),
];

const nested = [
  column("Nested", "list[int64]", "", [[1n, null, -(2n ** 63n)], [], [2n ** 53n + 1n]]),
  column("Nested", "list[float64]", "", [[Number.NaN, -0, 0.1], [], [Number.NEGATIVE_INFINITY, 5e-324]]),
  column("Nested", "list[string]", "", [["a", null, ""], [], ['",{}\\', "NULL", "ü🚂"]]),
  column("Nested", "list[boolean]", "", [[true, null], [false]]),
  column("Nested", "list[datetime[us, UTC]]", "", [["2024-02-29T12:30:00.000001Z", null], []]),
  column("Nested", "list[list[int32]]", "", [[[1, null], [], null], [], [[2]]]),
  column("Nested", "array[float64, 2]", "", [
    [1.5, null],
    [Number.NaN, -0],
  ]),
  column("Nested", 'struct{"a": int64, "b c": string}', "", [
    { a: 2n ** 60n, "b c": 'x"y' },
    { a: null, "b c": "" },
  ]),
  column("Nested", 'struct{"at": date, "x": struct{"y": list[decimal(5, 2)], "z": binary}}', "", [
    { at: "2024-02-29", x: { y: ["1.50", null], z: Uint8Array.of(0, 255) } },
    { at: null, x: { y: null, z: null } },
    { at: null, x: null },
  ]),
  column("Nested", 'list[struct{"t": time, "d": duration[us], "e": enum["p","q"]}]', "", [
    [{ t: "09:30:00.000000000", d: -5n, e: "q" }, null],
    [],
  ]),
];

const three = { id: [1, 2, 3], note: ["a", null, ""], t: ["2024-01-01", null, "2024-01-03"] };
const threeTypes = { id: "int32", note: "string?", t: "date?" };

const odd = [
  "z",
  "a",
  "With Space",
  'quo"te',
  "Größe",
  "ID",
  "id",
  "select",
  "semi;colon",
  "tab\tbed",
  "line\nbreak",
  "🚂",
  "*",
  "^a.*$",
  "__proto__",
  "height",
  "index",
  "null",
  "1",
];

const allTypes = [
  "float64",
  "int64",
  "string",
  "boolean",
  "date",
  "datetime[us, UTC]",
  "categorical",
  "list[int64]",
  "decimal(9, 3)",
];

const shapes = [
  shape("a column of the null type", () =>
    frame({ id: [1, 2], nothing: [null, null] }, { id: "int32", nothing: "null" }),
  ),
  shape("columns that are all null", () =>
    frame(
      { id: [1, 2], ...Object.fromEntries(allTypes.map((type) => [type, [null, null]])) },
      { id: "int32", ...Object.fromEntries(allTypes.map((type) => [type, `${type}?`])) },
    ),
  ),
  shape("only columns that are all null", () => frame({ a: [null, null, null] }, { a: "float64?" })),
  shape("no rows", () =>
    frame(
      { id: [], ...Object.fromEntries(allTypes.map((type) => [type, []])) },
      { id: "int32", ...Object.fromEntries(allTypes.map((type) => [type, `${type}?`])) },
    ),
  ),
  shape("one row", () => frame({ id: [1], note: ["a"], t: ["2024-01-01"] }, threeTypes)),
  shape("one column", () => frame({ note: ["a", null, "", "b"] }, { note: "string?" })),
  shape("no columns", () => frame({})),
  shape("1,000 columns of numbers", () => wide("float64", (at) => at / 3)),
  shape("1,000 columns of short texts", () => wide("string", (at) => `t${at}`)),
  shape("1,000 columns of texts of 40 bytes", () => wide("string", (at) => `${at}`.padEnd(40, "x"))),
  shape("order of columns", () =>
    frame({ t: three.t, note: three.note, id: three.id }, { t: "date?", note: "string?", id: "int32" }),
  ),
  shape("order of 100,000 rows", () => {
    const ids = Array.from({ length: 100_000 }, (_, row) => (row * 7_919) % 100_003);
    return frame(
      { id: ids, even: ids.map((id) => (id % 2 === 0 ? null : `n${id}`)) },
      { id: "int32", even: "string?" },
    );
  }),
  shape("names with spaces, quotes, capitals, emoji, line ends, words of SQL", () =>
    frame(
      Object.fromEntries(odd.map((name, at) => [name, [at, null]])),
      Object.fromEntries(odd.map((name) => [name, "int32?"])),
    ),
  ),
  shape("names of 63 bytes", () => named(["n".repeat(63), `${"ü".repeat(31)}x`])),
  shape("names of 64 bytes", () => named(["n".repeat(64), "ü".repeat(32)])),
];

function wide(type: string, value: (at: number) => unknown): DataFrame {
  const names = Array.from({ length: 1_000 }, (_, at) => `c${at}`);
  return frame(
    Object.fromEntries(names.map((name, at) => [name, [value(at), null]])),
    Object.fromEntries(names.map((name) => [name, `${type}?`])),
  );
}

function named(names: readonly string[]): DataFrame {
  return frame(
    Object.fromEntries(names.map((name, at) => [name, [at, 2]])),
    Object.fromEntries(names.map((name) => [name, "int32"])),
  );
}

export const cases: readonly FidelityCase[] = [...numbers, ...texts, ...times, ...nested, ...shapes];

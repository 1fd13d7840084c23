import { describe, expect, test, vi } from "vitest";
import { compareFrames } from "../../src/frame/compare.ts";
import { frame } from "../../src/frame/frame.ts";
import type { DataFrame } from "../../src/frame/polars.ts";
import { recodeFrame } from "../../src/frame/recode.ts";
import { records } from "../../src/frame/records.ts";
import { fromText, toText } from "../../src/frame/text-form.ts";
import { parseType } from "../../src/frame/types.ts";
import { samples } from "./samples.ts";

async function thereAndBack(df: DataFrame, type: string): Promise<DataFrame> {
  const column = { name: "value", type: parseType(type) };
  const texts = await recodeFrame(df, [{ ...column, direction: "to texts" }]);
  expect(texts.schema.value?.variant).toBe("String");
  return recodeFrame(texts, [{ ...column, direction: "from texts" }]);
}

const forms = Object.keys(samples).filter((type) => !/^(u?int|float|bool)/.test(type));

describe("values as texts", () => {
  test.each(forms)("%s comes back exactly, more rows than one slice holds", async (type) => {
    const values = Array(1_100).fill(samples[type]).flat();
    const df = frame({ first: values.map(() => 1), value: values }, { first: "int8", value: `${type}?` });
    expect(await compareFrames(await thereAndBack(df, type), df)).toBeNull();
  });

  test("inside of lists and structs every type comes back exactly", async () => {
    for (const [type, values] of Object.entries(samples)) {
      const nested = `list[struct{"a b": ${type}, "__proto__": array[${type}, 2]}]`;
      const rows = values.map((value) => [{ "a b": value, ["__proto__"]: [value, null] }, null]);
      const df = frame({ value: [...rows, [], null] }, { value: `${nested}?` });
      expect(await compareFrames(await thereAndBack(df, nested), df), type).toBeNull();
    }
  });

  test.each([
    ["binary", Uint8Array.of(0, 255), "\\x00ff"],
    ["duration[us]", -1_500_000n, "PT-1.5S"],
    ["duration[ns]", 90_000_000_001n, "PT90.000000001S"],
    ["list[int64]", [9_007_199_254_740_993n, null], "[9007199254740993,null]"],
    ["list[float64]", [-0, 0.1, Number.NaN, Number.NEGATIVE_INFINITY, 1e21], '[-0,0.1,"NaN","-Infinity",1e+21]'],
    ['struct{"d": date, "x": decimal(4, 2)}', { d: "2024-02-29", x: "1.50" }, '{"d":"2024-02-29","x":"1.50"}'],
    ["list[string]", ["NaN", 'a"b', "\0"], '["NaN","a\\"b","\\u0000"]'],
  ])("a %s is a text that other programs can read", (type, value, text) => {
    expect(toText(parseType(type), value)).toBe(text);
    expect(fromText(parseType(type), text)).toEqual(value);
  });

  test("a text that is no value of its type is refused, with column and row", async () => {
    const wrong = { "list[int64]": '["x"]', "duration[ms]": "PT0.0001S", binary: "\\x0", "decimal(4, 2)": "1.555" };
    for (const [type, text] of Object.entries(wrong)) {
      const good = type.startsWith("list")
        ? "[1]"
        : toText(parseType(type), records(frame({ v: [samples[type]?.[0] ?? 1n] }, { v: type }))[0]?.v);
      const df = frame({ value: [...Array(3_000).fill(good), null, text] }, { value: "string?" });
      const column = { name: "value", type: parseType(type), direction: "from texts" as const };
      const refuse = vi.fn((misfit) => new Error(`row ${misfit.row} of ${misfit.column}: ${misfit.text}`));
      await expect(recodeFrame(df, [column], refuse)).rejects.toThrow(`row 3001 of value: ${text}`);
    }
  });
});

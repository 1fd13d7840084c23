import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { SchemaError } from "../../src/errors.ts";
import { compareFrames } from "../../src/frame/compare.ts";
import { frame, type Row } from "../../src/frame/frame.ts";
import { records } from "../../src/frame/records.ts";
import { schemaOf } from "../../src/frame/schema.ts";
import { samples } from "./samples.ts";

/** More than two slices of one or two columns. */
const many = 40_000;

function* generated(count: number, row: (index: number) => Row): Generator<Row> {
  for (let index = 0; index < count; index++) yield row(index);
}

describe("rows from an iterable", () => {
  test("give the frame that the same rows in an array give, however they come", async () => {
    const rows = [...generated(many, (id) => ({ id, name: `n${id}`, at: id % 3 ? new Date(id) : null }))];
    const whole = frame(rows);
    expect(await compareFrames(whole, await frame(rows.values()))).toBeNull();
    expect(await compareFrames(whole, await frame(new Set(rows)))).toBeNull();
    expect(await compareFrames(whole, await frame(Readable.from(rows)))).toBeNull();
  });

  test("keep types that only later slices show", async () => {
    const last = many - 1;
    const row = (index: number): Row => ({
      late: index === last ? "seen" : null,
      list: index === last ? [1n] : [],
      big: index === last ? 2n ** 64n - 1n : 1n,
      nested: index === last ? { a: [{ b: true }], c: null } : { a: [] },
      ...(index === last && { added: new Date(7) }),
    });
    const df = await frame(generated(many, row));
    expect(schemaOf(df).fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "late string",
      "list list[int64]",
      "big uint64",
      'nested struct{"a": list[struct{"b": boolean}], "c": null}',
      "added datetime[ms, UTC]",
    ]);
    const given = records(df);
    expect(given[0]).toStrictEqual({ late: null, list: [], big: 1n, nested: { a: [], c: null }, added: null });
    expect(given.at(-1)).toStrictEqual({
      late: "seen",
      list: [1n],
      big: 2n ** 64n - 1n,
      nested: { a: [{ b: true }], c: null },
      added: new Date(7),
    });
  });

  test("hold every type over several slices, with a schema", async () => {
    const types = Object.keys(samples).slice(0, 24);
    const schema = Object.fromEntries(types.map((type) => [type, `${type}?`]));
    const row = (index: number): Row => Object.fromEntries(types.map((type) => [type, samples[type]?.[index % 4]]));
    const df = await frame(generated(8_000, row), schema);
    expect(await compareFrames(df, frame([...generated(8_000, row)], schema))).toBeNull();
  });

  test("that do not fit are refused with their row", async () => {
    const wrong = generated(many, (a) => ({ a: a === 33_333 ? "x" : a }));
    await expect(frame(wrong)).rejects.toThrow('Row 33333 of column "a" is "x", where the values before are float64.');
    const declared = generated(many, (a) => ({ a: a === 33_333 ? { b: [0, "x"] } : { b: [] } }));
    await expect(frame(declared, { a: 'struct{"b": list[int64]}' })).rejects.toThrow(
      'Row 33333 of column "a.b[1]" is "x", which does not fit int64.',
    );
    const extra = generated(many, (a) => (a === 33_333 ? { a, b: 1 } : { a }));
    await expect(frame(extra, { a: "int64" })).rejects.toThrow('The schema has no column "b" in row 33333.');
    await expect(frame(generated(many, (a) => (a === 33_333 ? (1 as never) : { a })))).rejects.toThrow(
      "Row 33333 is 1",
    );
  });

  test("with a schema that is none are refused by a rejection", async () => {
    await expect(frame([{ a: 1 }].values(), { a: "flot" })).rejects.toThrow('"flot" is no column type');
  });

  test("may be none at all", async () => {
    expect(schemaOf(await frame([].values(), { a: "int64" })).fields).toMatchObject([{ name: "a", type: "int64" }]);
    expect((await frame([].values())).width).toBe(0);
  });

  test("leave the event loop free between slices", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await frame(generated(many, (a) => ({ a, b: a, c: a, d: a, e: a, f: a })));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(1);
  });

  test("that fail on their way end the frame with their own error, and the iterator is closed", async () => {
    let closed = false;
    async function* failing(): AsyncGenerator<Row> {
      try {
        yield { a: 1 };
        yield* generated(many, () => ({ a: "x" }));
      } finally {
        closed = true;
      }
    }
    await expect(frame(failing())).rejects.toThrow(SchemaError);
    expect(closed).toBe(true);
  });
});

describe("a validator such as a zod object", () => {
  const price = z.object({
    ticker: z.string().toUpperCase(),
    close: z.coerce.number(),
    tags: z.array(z.string()).default([]),
  });

  test("says what each row becomes; the types are found from that", async () => {
    const rows = [
      { ticker: "aapl", close: "189.5" },
      { ticker: "msft", close: 402, tags: ["x"] },
    ];
    const expected = [
      { ticker: "AAPL", close: 189.5, tags: [] },
      { ticker: "MSFT", close: 402, tags: ["x"] },
    ];
    expect(records(frame(rows, price))).toStrictEqual(expected);
    expect(records(await frame(rows.values(), price))).toStrictEqual(expected);
  });

  test("refuses a row with its number, the path and its own message", async () => {
    const wrong = [
      { ticker: "a", close: 1 },
      { ticker: "b", close: 1, tags: ["x", 5] },
    ];
    const told = /^Row 1 does not fit: column "tags\[1\]": .*expected string/;
    expect(() => frame(wrong as never, price)).toThrow(told);
    await expect(frame(wrong.values() as never, price)).rejects.toThrow(told);
  });

  test("that answers later needs rows from an iterable", async () => {
    const later = z.object({ id: z.number().refine(async (id) => id > 0) });
    expect(() => frame([{ id: 1 }], later)).toThrow("The validator answers with a promise");
    expect(records(await frame([{ id: 1 }].values(), later))).toEqual([{ id: 1 }]);
    await expect(frame([{ id: 1 }, { id: -1 }].values(), later)).rejects.toThrow('Row 1 does not fit: column "id"');
  });

  test("looks at rows, not at columns", () => {
    expect(() => frame({ id: [1] }, price)).toThrow("A validator looks at rows");
  });
});

import type { FrameSchema } from "../../contracts/frame-schema.ts";
import { exactColumn, ipcBytesOf } from "../../frame/access.ts";
import { arrowLibrary } from "../../frame/arrow-library.ts";
import { type LazyDataFrame, pl } from "../../frame/polars.ts";
import { parseType } from "../../frame/types.ts";

/** What decides how ArcticDB can hold a column of dates or times. All in the column's own ticks; null without any value. */
export interface TimeFacts {
  readonly first: bigint | null;
  readonly least: bigint | null;
  readonly most: bigint | null;
  readonly hasNull: boolean;
  /** No value is earlier than the one before it. */
  readonly inOrder: boolean;
}

/** Up to so many values JavaScript is quicker: making polars' expressions alone takes some milliseconds. */
const fewCells = 20_000;

/** The facts of each date and datetime column, by name. Reads them once. */
export async function timeFacts(
  rows: LazyDataFrame,
  height: number,
  schema: FrameSchema,
): Promise<ReadonlyMap<string, TimeFacts>> {
  const names = schema.fields
    .filter(({ type }) => ["date", "datetime"].includes(parseType(type).kind))
    .map(({ name }) => name);
  if (names.length === 0) return new Map();
  return height * schema.fields.length <= fewCells ? ofFew(rows, names) : ofMany(rows, names);
}

function ofFew(rows: LazyDataFrame, names: readonly string[]): ReadonlyMap<string, TimeFacts> {
  const { batches, schema } = arrowLibrary().tableFromIPC(ipcBytesOf(rows.collectSync()));
  return new Map(
    names.map((name) => {
      const column = schema.fields.findIndex((field) => field.name === name);
      const ticks = batches.flatMap(({ data }) => {
        const part = data.children[column];
        return part ? Array.from({ length: part.length }, (_, row) => tickAt(part, row)) : [];
      });
      return [name, factsOf(ticks)];
    }),
  );
}

function tickAt(part: { values: unknown; getValid(row: number): boolean }, row: number): bigint | null {
  return part.getValid(row) ? BigInt((part.values as BigInt64Array | Int32Array)[row] ?? 0) : null;
}

function factsOf(ticks: readonly (bigint | null)[]): TimeFacts {
  let least: bigint | null = null;
  let most: bigint | null = null;
  let before: bigint | null = null;
  let inOrder = true;
  for (const tick of ticks) {
    if (tick !== null) {
      if (least === null || tick < least) least = tick;
      if (most === null || tick > most) most = tick;
      if (before !== null && tick < before) inOrder = false;
    }
    before = tick;
  }
  return { first: ticks[0] ?? null, least, most, hasNull: ticks.includes(null), inOrder };
}

async function ofMany(rows: LazyDataFrame, names: readonly string[]): Promise<ReadonlyMap<string, TimeFacts>> {
  // As texts, because JavaScript's numbers are not exact there.
  const exactly = (value: ReturnType<typeof exactColumn>) => value.cast(pl.Int64).cast(pl.Utf8);
  const queries = names.flatMap((name, at) => {
    const time = exactColumn(name);
    return [
      exactly(time.first()).alias(`${at}first`),
      exactly(time.min()).alias(`${at}least`),
      exactly(time.max()).alias(`${at}most`),
      time.nullCount().alias(`${at}nulls`),
      time.shift(1).gt(time).any().alias(`${at}earlier`),
    ];
  });
  const found = await rows.select(...queries).collect();
  const values: readonly unknown[] = found.row(0);
  const tick = (value: unknown) => (typeof value === "string" ? BigInt(value) : null);
  return new Map(
    names.map((name, at) => {
      const [first, least, most, nulls, earlier] = values.slice(at * 5);
      return [
        name,
        {
          first: tick(first),
          least: tick(least),
          most: tick(most),
          hasNull: Number(nulls) > 0,
          inOrder: earlier !== true,
        },
      ];
    }),
  );
}

/** The first row, from 0, that has a null, or is earlier than the row before it. For errors: it reads the column again. */
export async function firstRow(rows: LazyDataFrame, name: string, what: "null" | "earlier"): Promise<number> {
  const time = exactColumn(name);
  const wanted = what === "null" ? time.isNull() : time.shift(1).gt(time);
  const found = await rows.select(wanted.cast(pl.Int8).argMax().alias("at")).collect();
  return Number(found.row(0)[0] ?? 0);
}

import type { Data } from "apache-arrow";
import type { ColumnType } from "../../../frame/types.ts";
import { epochDays, epochHigh, epochLow, epochMicros, firstDay, firstMicros, halvesOf, lastDay } from "./format.ts";
import { numericLayout, writeNumeric } from "./numeric.ts";
import { isNull, type Refuse, type ValueWriter } from "./value-writer.ts";

/** Values that all have the same number of bytes. */
export function fixed(bytes: number, write: (view: DataView, at: number, row: number) => void): ValueWriter {
  return { fixed: bytes, size: () => bytes, write: (view, _bytes, at, row) => write(view, at, row) };
}

/** Each kind that is met often has a loop of its own: calling a function for every value would double the time. */
export function int64(halves: Int32Array): ValueWriter {
  const write = (view: DataView, at: number, row: number) => {
    view.setInt32(at, halves[2 * row + 1] as number);
    view.setInt32(at + 4, halves[2 * row] as number);
  };
  return {
    ...fixed(8, write),
    writeRows({ view, places, from, to }, nulls) {
      for (let row = from; row < to; row++) {
        const at = places[row - from] as number;
        if (nulls !== null && isNull(nulls, row)) {
          view.setInt32(at, -1);
          places[row - from] = at + 4;
          continue;
        }
        view.setInt32(at, 8);
        view.setInt32(at + 4, halves[2 * row + 1] as number);
        view.setInt32(at + 8, halves[2 * row] as number);
        places[row - from] = at + 12;
      }
    },
  };
}

export function float64(values: Float64Array): ValueWriter {
  return {
    ...fixed(8, (view, at, row) => view.setFloat64(at, values[row] as number)),
    writeRows({ view, places, from, to }, nulls) {
      for (let row = from; row < to; row++) {
        const at = places[row - from] as number;
        if (nulls !== null && isNull(nulls, row)) {
          view.setInt32(at, -1);
          places[row - from] = at + 4;
          continue;
        }
        view.setInt32(at, 8);
        view.setFloat64(at + 4, values[row] as number);
        places[row - from] = at + 12;
      }
    },
  };
}

function int64Of(value: (row: number) => bigint): ValueWriter {
  return fixed(8, (view, at, row) => view.setBigInt64(at, value(row)));
}

/** bigint: the upper half is 0. */
export function uint32(numbers: ArrayLike<number>): ValueWriter {
  return fixed(8, (view, at, row) => {
    view.setInt32(at, 0);
    view.setUint32(at + 4, numbers[row] as number);
  });
}

/** int32 days since 2000-01-01. */
export function date(numbers: ArrayLike<number>, refuse: Refuse): ValueWriter {
  return fixed(4, (view, at, row) => {
    const day = numbers[row] as number;
    if (day < firstDay || day > lastDay) throw outOfRange(row, refuse);
    view.setInt32(at, day - epochDays);
  });
}

/** Times whose upper half is greater are in PostgreSQL's range. */
const firstMicrosHigh = Number(firstMicros >> 32n);

/** int64 microseconds since 2000-01-01 00:00, with a zone in UTC. */
export function timestamp(unit: "ms" | "us" | "ns", data: Data, refuse: Refuse): ValueWriter {
  const big = data.values as unknown as BigInt64Array;
  if (unit === "ns") return int64Of((row) => wholeMicros(big[row] as bigint, row, refuse) - epochMicros);
  if (unit === "ms") {
    return int64Of((row) => {
      const micros = (big[row] as bigint) * 1000n;
      if (micros < firstMicros || micros >= 2n ** 63n) throw outOfRange(row, refuse);
      return micros - epochMicros;
    });
  }
  const halves = halvesOf(big);
  const write = (view: DataView, at: number, row: number) => {
    const low = ((halves[2 * row] as number) >>> 0) - epochLow;
    const high = halves[2 * row + 1] as number;
    if (high <= firstMicrosHigh && (big[row] as bigint) < firstMicros) throw outOfRange(row, refuse);
    view.setInt32(at, high - epochHigh - (low < 0 ? 1 : 0));
    view.setInt32(at + 4, low);
  };
  return {
    ...fixed(8, write),
    writeRows({ view, places, from, to }, nulls) {
      for (let row = from; row < to; row++) {
        const at = places[row - from] as number;
        const missing = nulls !== null && isNull(nulls, row);
        view.setInt32(at, missing ? -1 : 8);
        if (!missing) write(view, at + 4, row);
        places[row - from] = at + (missing ? 4 : 12);
      }
    },
  };
}

/** int64 microseconds since midnight. */
export function time(big: ArrayLike<bigint>, refuse: Refuse): ValueWriter {
  return int64Of((row) => wholeMicros(big[row] as bigint, row, refuse));
}

/** int64 microseconds, int32 days, int32 months. A duration has no days: those of a calendar differ in length. */
export function interval(unit: "ms" | "us" | "ns", big: ArrayLike<bigint>, refuse: Refuse): ValueWriter {
  return fixed(16, (view, at, row) => {
    const value = big[row] as bigint;
    const micros = unit === "us" ? value : unit === "ms" ? value * 1000n : wholeMicros(value, row, refuse);
    if (BigInt.asIntN(64, micros) !== micros) {
      throw refuse(row, "a duration beyond 292,000 years, PostgreSQL's longest in microseconds", "Keep it as int64");
    }
    view.setBigInt64(at, micros);
    view.setBigInt64(at + 8, 0n);
  });
}

function wholeMicros(nanos: bigint, row: number, refuse: Refuse): bigint {
  if (nanos % 1000n === 0n) return nanos / 1000n;
  throw refuse(
    row,
    "a time finer than a microsecond, PostgreSQL's finest",
    "Round it to microseconds, or keep it as int64",
  );
}

function outOfRange(row: number, refuse: Refuse): Error {
  return refuse(row, "a time outside PostgreSQL's range (from 4714 BC)", "Mend or remove that value");
}

/** numeric(20,0): see numeric.ts. */
export function uint64(big: ArrayLike<bigint>): ValueWriter {
  const layout = numericLayout(20, 0);
  return fixed(layout.bytes, (view, at, row) => writeNumeric(view, at, BigInt.asUintN(64, big[row] as bigint), layout));
}

/** Two halves of 64 bits, low first. */
export function decimal({ precision, scale }: ColumnType & { kind: "decimal" }, { values }: Data): ValueWriter {
  const layout = numericLayout(precision, scale);
  const words = new BigInt64Array(values.buffer, values.byteOffset, values.byteLength / 8);
  return fixed(layout.bytes, (view, at, row) => {
    const [low, high] = [words[2 * row] as bigint, words[2 * row + 1] as bigint];
    writeNumeric(view, at, high === low >> 63n ? low : (high << 64n) | BigInt.asUintN(64, low), layout);
  });
}

import type { Mapping } from "../types.ts";
import { dayMicros, epochDays, epochHigh, epochLow, epochMicros } from "./format.ts";
import { readNumeric } from "./numeric.ts";

/** Typed arrays in which a fixed number of bytes holds each value. */
export type Numbers =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** Where values go. Both are replaced when there is no more room. */
export interface Room {
  values: Numbers;
  /** The same memory as pairs of 32 bits, low first. */
  halves: Int32Array;
  /** The error for a value that the frame's type can't hold. */
  refuse(what: string): Error;
}

/** Reads the value whose bytes begin at `at` into a row's place. */
export type Read = (room: Room, row: number, view: DataView, at: number) => void;

/** How a value becomes one of the frame's. Types of the same width are the same bytes there and here. */
export function readerOf({ type, wire }: Mapping): Read {
  switch (wire) {
    case "int16":
    case "int32":
      return type.kind === wire ? plain[wire] : integer(type.kind, (view, at) => small[wire](view, at));
    case "int64":
      if (type.kind === "int64") return int64;
      return type.kind === "uint32" ? uint32 : integer(type.kind, (view, at) => view.getBigInt64(at));
    case "float32":
      return float32;
    case "float64":
      return type.kind === "float32" ? narrowFloat : float64;
    case "date":
      return date;
    case "time":
      return time;
    case "timestamp":
      if (type.kind === "datetime" && type.unit === "us") return micros;
      return ticks(type.kind === "datetime" ? type.unit : "us", (room, view, at) => sinceEpoch(room, view, at));
    case "interval":
      return ticks(type.kind === "duration" ? type.unit : "us", interval);
    default:
      if (type.kind === "decimal") return decimal(type.precision, type.scale);
      return integer(type.kind, (view, at) => readNumeric(view, at, 0));
  }
}

const small = {
  int16: (view: DataView, at: number) => view.getInt16(at),
  int32: (view: DataView, at: number) => view.getInt32(at),
};

const plain: Record<"int16" | "int32", Read> = {
  int16(room, row, view, at) {
    room.values[row] = view.getInt16(at);
  },
  int32(room, row, view, at) {
    room.values[row] = view.getInt32(at);
  },
};

const int64: Read = ({ halves }, row, view, at) => {
  halves[2 * row] = view.getInt32(at + 4);
  halves[2 * row + 1] = view.getInt32(at);
};

/** bigint: the upper half is 0. */
const uint32: Read = (room, row, view, at) => {
  if (view.getInt32(at) !== 0) throw room.refuse(`${view.getBigInt64(at)}, which is no uint32`);
  room.values[row] = view.getUint32(at + 4);
};

/** Bits of each kind; those of unsigned ones have no sign. */
const widths = { int8: 8, int16: 16, int32: 32, int64: 64, uint8: 8, uint16: 16, uint32: 32, uint64: 64 } as const;

/** Any whole number into a narrower or unsigned type. */
function integer(kind: string, value: (view: DataView, at: number) => number | bigint | null): Read {
  const bits = widths[kind as keyof typeof widths];
  const unsigned = kind.startsWith("u");
  const least = unsigned ? 0n : -(2n ** BigInt(bits - 1));
  const most = unsigned ? 2n ** BigInt(bits) - 1n : 2n ** BigInt(bits - 1) - 1n;
  const [low, high] = [Number(least), Number(most)];
  if (bits < 64) {
    return (room, row, view, at) => {
      const found = value(view, at);
      if (found === null || found < low || found > high)
        throw room.refuse(`${found ?? "a number"}, which is no ${kind}`);
      room.values[row] = Number(found);
    };
  }
  return (room, row, view, at) => {
    const found = value(view, at);
    if (found === null || found < least || found > most)
      throw room.refuse(`${found ?? "a number"}, which is no ${kind}`);
    room.values[row] = BigInt(found);
  };
}

const float32: Read = (room, row, view, at) => {
  room.values[row] = view.getFloat32(at);
};

const float64: Read = (room, row, view, at) => {
  room.values[row] = view.getFloat64(at);
};

const narrowFloat: Read = (room, row, view, at) => {
  const value = view.getFloat64(at);
  if (!Object.is(Math.fround(value), value)) throw room.refuse(`${value}, which is no float32`);
  room.values[row] = value;
};

/** int32 days since 2000-01-01; the outermost are its infinities. */
const date: Read = (room, row, view, at) => {
  const day = view.getInt32(at);
  if (day === 0x7fffffff || day === -0x80000000) throw room.refuse("infinity, which a date of a frame can't be");
  room.values[row] = day + epochDays;
};

/** int64 microseconds since midnight. */
const time: Read = (room, row, view, at) => {
  const found = view.getBigInt64(at);
  if (found >= dayMicros) throw room.refuse("24:00:00, which a time of a frame can't be");
  room.values[row] = found * 1000n;
};

/** Server times from this upper half on could pass 2^63 once they count from 1970. */
const lastHigh = Number((2n ** 63n - 1n - epochMicros) >> 32n);

/** int64 microseconds since 2000-01-01 00:00, with a zone in UTC; the outermost are its infinities. */
const micros: Read = (room, row, view, at) => {
  const high = view.getInt32(at);
  if (high >= lastHigh || high === -0x80000000) sinceEpoch(room, view, at);
  const low = view.getUint32(at + 4) + epochLow;
  room.halves[2 * row] = low;
  room.halves[2 * row + 1] = high + epochHigh + (low > 0xffffffff ? 1 : 0);
};

function sinceEpoch(room: Room, view: DataView, at: number): bigint {
  const value = view.getBigInt64(at);
  if (value === 2n ** 63n - 1n || value === -(2n ** 63n)) {
    throw room.refuse("infinity, which a datetime of a frame can't be");
  }
  if (value > 2n ** 63n - 1n - epochMicros)
    throw room.refuse("a time after the year 294246, beyond what a frame can hold");
  return value + epochMicros;
}

/** int64 microseconds, int32 days, int32 months. A duration has neither days nor months, which have no fixed length. */
function interval(room: Room, view: DataView, at: number): bigint {
  if (view.getInt32(at + 8) !== 0 || view.getInt32(at + 12) !== 0) {
    throw room.refuse("an interval with days or months, which a duration can't have");
  }
  return view.getBigInt64(at);
}

/** Microseconds in the unit of the frame. */
function ticks(unit: "ms" | "us" | "ns", read: (room: Room, view: DataView, at: number) => bigint): Read {
  return (room, row, view, at) => {
    const found = read(room, view, at);
    if (unit === "ms" && found % 1000n !== 0n)
      throw room.refuse("a time finer than the milliseconds it was saved with");
    const value = unit === "ms" ? found / 1000n : unit === "us" ? found : found * 1000n;
    if (BigInt.asIntN(64, value) !== value) throw room.refuse("a time outside 1677 to 2262, the range of nanoseconds");
    room.values[row] = value;
  };
}

/** 128 bits, low first. */
function decimal(precision: number, scale: number): Read {
  const limit = 10n ** BigInt(precision);
  return (room, row, view, at) => {
    const value = readNumeric(view, at, scale);
    if (value === null || value >= limit || value <= -limit) {
      throw room.refuse(`a number that is no decimal(${precision}, ${scale})`);
    }
    room.values[2 * row] = BigInt.asIntN(64, value);
    room.values[2 * row + 1] = value >> 64n;
  };
}

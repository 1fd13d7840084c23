import type { Data } from "apache-arrow";
import { arrowLibrary } from "./arrow-library.ts";
import { formatClock, formatDay, formatWall } from "./iso.ts";
import { tickNs } from "./time-range.ts";
import type { ColumnType } from "./types.ts";

/** The values of an Arrow column, as the table at `records` says. */
export function decodeColumn(type: ColumnType, data: Data): unknown[] {
  const read = reader(type, data);
  const { nullBitmap, offset, length } = data;
  const all = data.nullCount === 0 || !nullBitmap || nullBitmap.length === 0;
  const values: unknown[] = new Array(length);
  for (let row = 0; row < length; row++) {
    const bit = offset + row;
    values[row] = all || ((nullBitmap[bit >> 3] ?? 0) >> (bit & 7)) & 1 ? read(row) : null;
  }
  return values;
}

function reader(type: ColumnType, data: Data): (row: number) => unknown {
  const values: ArrayLike<never> = data.values ?? [];
  const number = (row: number): number => values[row] ?? 0;
  const big = (row: number): bigint => values[row] ?? 0n;
  switch (type.kind) {
    case "null":
      return () => null;
    case "boolean":
      return (row) => ((number((data.offset + row) >> 3) >> ((data.offset + row) & 7)) & 1) === 1;
    case "string":
    case "categorical":
    case "enum": {
      const vector = new (arrowLibrary().Vector)([data]);
      return (row) => vector.get(row);
    }
    case "binary": {
      const vector = new (arrowLibrary().Vector)([data]);
      return (row) => Uint8Array.from(vector.get(row) as Uint8Array);
    }
    case "date":
      return (row) => formatDay(number(row));
    case "time":
      return (row) => formatClock(big(row), 9);
    case "datetime": {
      const { unit, zone } = type;
      const digits = { ms: 3, us: 6, ns: 9 }[unit];
      const suffix = zone === null ? "" : "Z";
      return (row) => {
        const ticks = big(row);
        if (unit === "ms" && (ticks > 8_640_000_000_000_000n || ticks < -8_640_000_000_000_000n)) return ticks;
        return unit === "ms" && zone !== null
          ? new Date(Number(ticks))
          : formatWall(ticks * tickNs[unit], digits) + suffix;
      };
    }
    case "duration":
      return big;
    case "decimal":
      return (row) => formatDecimal(values as ArrayLike<number>, row, type.scale);
    case "list":
    case "array":
      return listReader(type, data);
    case "struct": {
      const parts = type.fields.map(({ name, type: part }, index) => {
        const child = data.children[index];
        return { name, values: child ? decodeColumn(part, child) : [] };
      });
      return (row) => Object.fromEntries(parts.map(({ name, values: part }) => [name, part[row]]));
    }
    default:
      return (row) => values[row];
  }
}

function listReader(type: ColumnType & { kind: "list" | "array" }, data: Data): (row: number) => unknown {
  const [child] = data.children;
  const items = child ? decodeColumn(type.item, child) : [];
  if (type.kind === "array") return (row) => items.slice(row * type.size, (row + 1) * type.size);
  const offsets: ArrayLike<number | bigint> = data.valueOffsets;
  return (row) => items.slice(Number(offsets[row]), Number(offsets[row + 1]));
}

/** Four 32-bit words each, the lowest first, in two's complement. */
function formatDecimal(words: ArrayLike<number>, row: number, scale: number): string {
  let unscaled = 0n;
  for (let word = 3; word >= 0; word--) unscaled = (unscaled << 32n) | BigInt((words[row * 4 + word] ?? 0) >>> 0);
  unscaled = BigInt.asIntN(128, unscaled);
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  return `${unscaled < 0n ? "-" : ""}${whole}${scale > 0 ? `.${digits.slice(digits.length - scale)}` : ""}`;
}

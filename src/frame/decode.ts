import type { Data } from "apache-arrow";
import { binaryReader, dictionaryReader, textReader } from "./decode-text.ts";
import { datetimeReader, timeReader } from "./decode-time.ts";
import { dayText } from "./iso-format.ts";
import { objectsOf } from "./objects.ts";
import type { ColumnType } from "./types.ts";

/** The values of an Arrow column, as the table at `records` says. */
export function decodeColumn(type: ColumnType, data: Data): unknown[] {
  const values = decodeValues(type, data);
  return Array.isArray(values) ? values : Array.from(values);
}

/** As `decodeColumn`, but numbers without a null stay in their typed array. */
export function decodeValues(type: ColumnType, data: Data): ArrayLike<unknown> {
  const { nullBitmap, offset, length } = data;
  const all = data.nullCount === 0 || !nullBitmap || nullBitmap.length === 0;
  if (all && /^(u?int(8|16|32)|float)/.test(type.kind)) return (data.values as Float64Array).subarray(0, length);
  const read = reader(type, data);
  const values: unknown[] = new Array(length);
  for (let row = 0; row < length; row++) {
    const bit = offset + row;
    values[row] = all || ((nullBitmap[bit >> 3] ?? 0) >> (bit & 7)) & 1 ? read(row) : null;
  }
  return values;
}

/** What gives the value of a row that is not null. */
function reader(type: ColumnType, data: Data): (row: number) => unknown {
  switch (type.kind) {
    case "null":
      return () => null;
    case "boolean": {
      const { values: bits, offset } = data as Data & { values: Uint8Array };
      return (row) => (((bits[(offset + row) >> 3] ?? 0) >> ((offset + row) & 7)) & 1) === 1;
    }
    case "string":
      return textReader(data);
    case "categorical":
    case "enum":
      return dictionaryReader(data);
    case "binary":
      return binaryReader(data);
    case "date": {
      const days: Int32Array = data.values;
      return (row) => dayText(days[row] ?? 0);
    }
    case "time":
      return timeReader(data);
    case "datetime":
      return datetimeReader(data, type.unit, type.zone);
    case "decimal":
      return decimalReader(data, type.scale);
    case "list":
    case "array":
      return listReader(type, data);
    case "struct": {
      const names = type.fields.map(({ name }) => name);
      const parts = type.fields.map(({ type: part }, index) => {
        const child = data.children[index];
        return child ? decodeValues(part, child) : [];
      });
      const objects = objectsOf(names, parts, data.length);
      return (row) => objects[row];
    }
    default: {
      const values: ArrayLike<unknown> = data.values;
      return (row) => values[row];
    }
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
function decimalReader(data: Data, scale: number): (row: number) => string {
  const words: ArrayLike<number> = data.values;
  return (row) => {
    let unscaled = 0n;
    for (let word = 3; word >= 0; word--) unscaled = (unscaled << 32n) | BigInt((words[row * 4 + word] ?? 0) >>> 0);
    unscaled = BigInt.asIntN(128, unscaled);
    const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
    const whole = digits.slice(0, digits.length - scale);
    return `${unscaled < 0n ? "-" : ""}${whole}${scale > 0 ? `.${digits.slice(digits.length - scale)}` : ""}`;
  };
}

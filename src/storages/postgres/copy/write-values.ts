import type { Data } from "apache-arrow";
import type { Mapping } from "../types.ts";
import { halvesOf } from "./format.ts";
import type { Refuse, ValueWriter } from "./value-writer.ts";
import { ArrayWriter } from "./write-array.ts";
import { BytesWriter } from "./write-bytes.ts";
import { date, decimal, fixed, float64, int64, interval, time, timestamp, uint32, uint64 } from "./write-fixed.ts";

/** How the values of an Arrow column are written: the same bytes as read-values.ts reads. */
export function writerOf(mapping: Mapping, data: Data, refuse: Refuse): ValueWriter {
  const { type, wire } = mapping;
  if (wire === "none") return fixed(0, () => {});
  const numbers = data.values as unknown as ArrayLike<number>;
  const big = data.values as unknown as ArrayLike<bigint>;
  switch (wire) {
    case "bool": {
      const { offset } = data;
      return fixed(1, (view, at, row) =>
        view.setUint8(at, ((numbers[(offset + row) >> 3] as number) >> ((offset + row) & 7)) & 1),
      );
    }
    case "int16":
      return fixed(2, (view, at, row) => view.setInt16(at, numbers[row] as number));
    case "int32":
      return fixed(4, (view, at, row) => view.setInt32(at, numbers[row] as number));
    case "int64":
      return type.kind === "uint32" ? uint32(numbers) : int64(halvesOf(data.values));
    case "float32":
      return fixed(4, (view, at, row) => view.setFloat32(at, numbers[row] as number));
    case "float64":
      return float64(data.values);
    case "date":
      return date(numbers, refuse);
    case "time":
      return time(big, refuse);
    case "timestamp":
      return type.kind === "datetime" ? timestamp(type.unit, data, refuse) : int64(halvesOf(data.values));
    case "interval":
      return interval(type.kind === "duration" ? type.unit : "us", big, refuse);
    case "numeric":
      return type.kind === "decimal" ? decimal(type, data) : uint64(big);
    case "array":
      return new ArrayWriter(mapping, data, refuse, writerOf);
    default:
      return new BytesWriter(data, type.kind !== "binary", refuse);
  }
}

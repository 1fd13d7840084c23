import { frame } from "../../../src/frame/frame.ts";
import type { DataFrame } from "../../../src/frame/polars.ts";

/** What the golden backups hold: the types that every storage holds, with the values that are got wrong most. */
export function goldenFrame(): DataFrame {
  return frame(
    {
      id: [1n, 2n, 2n ** 53n + 1n],
      ts: ["2024-01-01T00:00:00.000001Z", "2024-07-01T12:00:00Z", "2026-01-31T23:59:59.999999Z"],
      day: ["1969-12-31", null, "2024-02-29"],
      price: [-0, 0.1, null],
      small: [-32768, 0, 32767],
      good: [true, null, false],
      note: ["", null, 'a,"b"\nü 🜚'],
    },
    {
      id: "int64",
      ts: "datetime[us, UTC]",
      day: "date?",
      price: "float64?",
      small: "int16",
      good: "boolean?",
      note: "string?",
    },
  );
}

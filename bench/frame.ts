import { join } from "node:path";
import { frame } from "../src/frame/frame.ts";
import { frameSchema } from "../src/frame/frame-schema.ts";
import { pl } from "../src/frame/polars.ts";
import { records } from "../src/frame/records.ts";
import { rows as rowsOf } from "../src/frame/rows.ts";
import { testTable } from "./data.ts";
import type { BenchCase } from "./harness.ts";

const schema = frameSchema({
  ts: "datetime[us]",
  symbol: "string",
  open: "float64",
  high: "float64",
  low: "float64",
  close: "float64",
  volume: "int64",
  note: "string?",
});

/** Rows as nodejs-polars gives them: a Date, numbers, texts. */
const plainRows = (rows: number): Record<string, unknown>[] => testTable(rows).toRecords();

/**
 * What the frame library itself takes: the floor below every storage. And rows to a frame and back beside nodejs-polars' own
 * way, which is not exact: it rounds integers beyond 2^53 and drops what a Date lacks.
 */
export const cases: BenchCase[] = [
  {
    name: "sinkIpc",
    group: "write",
    base: true,
    async prepare({ rows, folder }) {
      const data = testTable(rows);
      return { run: () => data.lazy().sinkIpc(join(folder, "a.arrow"), { compression: "uncompressed" }).collect() };
    },
  },
  {
    name: "sinkCSV",
    group: "write",
    async prepare({ rows, folder }) {
      const data = testTable(rows);
      return { run: () => data.lazy().sinkCSV(join(folder, "a.csv"), {}).collect() };
    },
  },
  {
    name: "scanIPC",
    group: "read",
    base: true,
    async prepare({ rows, folder }) {
      const path = join(folder, "b.arrow");
      await testTable(rows).lazy().sinkIpc(path, { compression: "uncompressed" }).collect();
      return { run: () => pl.scanIPC(path).collect() };
    },
  },
  {
    name: "scanCSV",
    group: "read",
    async prepare({ rows, folder }) {
      const path = join(folder, "b.csv");
      await testTable(rows).lazy().sinkCSV(path, {}).collect();
      return { run: () => pl.scanCSV(path, { ignoreErrors: false }).collect() };
    },
  },
  {
    name: "cp",
    group: "write",
    command: ({ folder }) => ["cp", join(folder, "a.arrow"), join(folder, "copy.arrow")],
  },
  {
    name: "pl.readRecords",
    group: "rows to frame",
    base: true,
    async prepare({ rows }) {
      const data = plainRows(rows);
      return { run: async () => pl.readRecords(data) };
    },
  },
  {
    name: "frame(rows)",
    group: "rows to frame",
    async prepare({ rows }) {
      const data = plainRows(rows);
      return { run: async () => frame(data) };
    },
  },
  {
    name: "frame(rows, schema)",
    group: "rows to frame",
    async prepare({ rows }) {
      const data = plainRows(rows);
      return { run: async () => frame(data, schema) };
    },
  },
  {
    name: "frame(records, schema)",
    group: "rows to frame",
    async prepare({ rows }) {
      const data = records(testTable(rows));
      return { run: async () => frame(data, schema) };
    },
  },
  {
    name: "await frame(rows.values())",
    group: "rows to frame",
    async prepare({ rows }) {
      const data = plainRows(rows);
      return { run: () => frame(data.values()) };
    },
  },
  {
    name: "toRecords",
    group: "frame to rows",
    base: true,
    async prepare({ rows }) {
      const data = testTable(rows);
      return { run: async () => data.toRecords() };
    },
  },
  {
    name: "records",
    group: "frame to rows",
    async prepare({ rows }) {
      const data = testTable(rows);
      return { run: async () => records(data) };
    },
  },
  {
    name: "for await (rows)",
    group: "frame to rows",
    async prepare({ rows }) {
      const data = testTable(rows);
      return {
        run: async () => {
          let sum = 0;
          for await (const row of rowsOf(data, schema)) sum += row.close;
          return void sum;
        },
      };
    },
  },
];

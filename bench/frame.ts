import { join } from "node:path";
import { pl } from "../src/frame/polars.ts";
import { testTable } from "./data.ts";
import type { BenchCase } from "./harness.ts";

/** What the frame library itself takes: the floor below every storage. */
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
];

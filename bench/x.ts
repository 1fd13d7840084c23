import { testTable } from "./data.ts";

const df = testTable(Number(process.argv[2]));
await df.lazy().sinkCSV("/tmp/pgscratch/data/big.csv", { maintainOrder: true }).collect();

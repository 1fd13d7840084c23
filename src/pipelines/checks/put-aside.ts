import type { DataFactory } from "../../factory/data-factory.ts";
import { columnOf, heightOf } from "../../frame/access.ts";
import { plainName } from "../../frame/names.ts";
import { quarantineName } from "./quarantine.ts";

/** Rows that were put aside for one destination. */
export interface PutAside {
  readonly storage: string;
  /** Where the rows were to go. */
  readonly destination: string;
  /** The frame that holds them. */
  readonly name: string;
  readonly rows: number;
  /** The reasons with the number of rows, most first. */
  readonly reasons: readonly (readonly [reason: string, rows: number])[];
  /** The runs that put them aside. */
  readonly runs: readonly string[];
}

const ending = quarantineName("");

/** What was put aside in a storage. */
export async function putAsideIn(factory: DataFactory, storage: string): Promise<PutAside[]> {
  const source = factory.createDataSource(storage);
  const names = (await source.listSources()).filter((name) => plainName(name).endsWith(ending));
  const found = names.map(async (name) => {
    const frame = await source.getData(name, { columns: ["reason", "run"] });
    const reasons = countsOf(columnOf(frame, "reason").toArray());
    const runs = countsOf(columnOf(frame, "run").toArray()).map(([run]) => run);
    return {
      storage,
      name,
      destination: plainName(name).slice(0, -ending.length),
      rows: heightOf(frame),
      reasons,
      runs,
    };
  });
  return Promise.all(found);
}

/** Each value once, with how often it comes; the most frequent first. */
function countsOf(values: Iterable<unknown>): [value: string, count: number][] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

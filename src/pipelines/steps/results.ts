import type { CalculationMemory } from "../../contracts/calculation-memory.ts";
import type { IDataSource } from "../../contracts/data-source.ts";
import type { ILedger } from "../../contracts/ledger.ts";
import type { SaverPlace } from "../run/places.ts";
import type { Session } from "../run/session.ts";

/** Grows older results out of date when a run is undone: what stands at the destination is then not what was calculated last. */
const kind = "undone";

export async function forgetResults(ledger: ILedger, pipeline: string, run: string): Promise<void> {
  await ledger.remember(kind, pipeline, run);
}

/** Of what the pipeline's results were made, in the ledger. */
export function resultMemory({ ledger, pipeline, once }: Session): CalculationMemory {
  const last = () => once("last undone run", () => ledger.recall(kind, pipeline)) as Promise<string | null>;
  return {
    async lastCalculation(key) {
      const text = await ledger.lastCalculation(`${pipeline}/${key}`);
      const [run, stamp] = text === null ? [] : (JSON.parse(text) as [string | null, string]);
      return stamp !== undefined && run === (await last()) ? stamp : null;
    },
    async keepCalculation(key, stamp) {
      await ledger.keepCalculation(`${pipeline}/${key}`, JSON.stringify([await last(), stamp]));
    },
  };
}

/** What stands at the destination, listed once in a run whatever the number of its sources. */
export function resultsAt({ source, id }: SaverPlace, session: Session): IDataSource | undefined {
  if (!source) return undefined;
  const results: IDataSource = {
    getData: (name, options) => source.getData(name, options),
    listSources: () => session.once(`listing ${id}`, () => source.listSources()) as Promise<string[]>,
    healthCheck: () => source.healthCheck(),
  };
  // By these a result is told from what something else put in its place.
  for (const method of ["stamp", "describe"]) {
    const found: unknown = Reflect.get(source, method);
    if (typeof found === "function") Object.assign(results, { [method]: found.bind(source) });
  }
  return results;
}

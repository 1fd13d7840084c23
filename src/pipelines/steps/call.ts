import { AsyncLocalStorage } from "node:async_hooks";
import type { IDataBackup } from "../../contracts/data-backup.ts";
import { RunError } from "../../errors.ts";
import type { StepContext, StepFunction } from "../definition.ts";
import type { Part } from "../run/part.ts";
import { backupPlace, saverPlace, sourcePlace } from "../run/places.ts";
import { RunSaver } from "../run/saver.ts";
import type { StepScope } from "../run/session.ts";
import { RunSource } from "../run/source.ts";
import { runSources, type SourceTotals } from "../run/sources.ts";
import { narrowed } from "./choice.ts";

/** The item that the running asynchronous work of a function is about. */
const current = new AsyncLocalStorage<Part>();

/** Runs a function. It is one source, `*`; the items of `each` are sources of their own. */
export async function callStep(scope: StepScope, run: StepFunction): Promise<SourceTotals> {
  const items: SourceTotals[] = [];
  const whole = await runSources(scope, [
    {
      source: "*",
      work: async (part) => {
        items.length = 0;
        await current.run(part, async () => run(contextOf(scope, part, items)));
        const failures = items.flatMap((each) => each.failures);
        if (failures[0]) throw failedItems(failures);
      },
    },
  ]);
  const sum = (value: (totals: SourceTotals) => number) =>
    [whole, ...items].reduce((total, each) => total + value(each), 0);
  return { rows: sum(({ rows }) => rows), bytes: sum(({ bytes }) => bytes), failures: whole.failures };
}

/** Not to be tried again as a whole: each item had its own tries. */
function failedItems(failures: SourceTotals["failures"]): RunError {
  const [{ source, cause } = { source: "", cause: undefined }] = failures;
  const more = failures.length > 1 ? ` (and ${failures.length - 1} more)` : "";
  return new RunError(`"${source}"${more} failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
  });
}

function contextOf(scope: StepScope, whole: Part, items: SourceTotals[]): StepContext {
  const { session, step, logger, signal } = scope;
  const { factory, config } = session;
  const part = () => current.getStore() ?? whole;
  const { checks, onFail } = step;
  return {
    run: { id: session.id, pipeline: session.pipeline, step: step.name },
    factory,
    config,
    logger,
    signal,
    source: (ref) => new RunSource(part, sourcePlace(factory, ref)),
    saver: (ref) => new RunSaver(part, saverPlace(factory, ref), { checks, onFail }),
    backup: (ref): IDataBackup => backupPlace(factory, ref).backup,
    async each(names, work) {
      const sources = narrowed(session, names);
      const totals = await runSources(
        scope,
        sources.map((source) => ({
          source,
          work: (own) => current.run(own, async () => work(source, signal)),
        })),
      );
      items.push(totals);
    },
  };
}

import type { DataFactory } from "../factory/data-factory.ts";
import { timesOf } from "../pipelines/schedule/times.ts";
import type { HealthWatch } from "./health.ts";
import type { Overview, OverviewPipeline, OverviewStorage } from "./pages/overview.ts";
import type { RunDesk } from "./run-desk.ts";

/** Runs that the overview looks at, of all pipelines together. */
const mostRuns = 500;

/** The storages and pipelines of a service, as its overview shows them. `others` are pipelines of other services. */
export async function gatherOverview(
  factory: DataFactory,
  { watch, desk, others = new Set() }: { watch: HealthWatch; desk: RunDesk; others?: ReadonlySet<string> | undefined },
): Promise<Overview> {
  const [storages, pipelines] = await Promise.all([storagesOf(factory, watch), pipelinesOf(desk, others)]);
  return { storages, pipelines };
}

async function storagesOf(factory: DataFactory, watch: HealthWatch): Promise<OverviewStorage[]> {
  const found = (await watch.all()).map(async (health) => {
    const source = factory.createDataSource(health.storage);
    const names = await source.listSources().catch(() => null);
    return { ...health, frames: names?.length ?? null };
  });
  return Promise.all(found);
}

/** The pipelines that the service has, and those that have run. */
async function pipelinesOf(desk: RunDesk, others: ReadonlySet<string>): Promise<OverviewPipeline[]> {
  await using ledger = await desk.ledger();
  const runs = Map.groupBy(await ledger.runs({ limit: mostRuns }), ({ pipeline }) => pipeline);
  const own = new Map(desk.pipelines.map((pipeline) => [pipeline.name, pipeline]));
  const names = [...new Set([...own.keys(), ...runs.keys()])].filter((name) => own.has(name) || !others.has(name));
  return names.sort().map((name) => {
    const schedule = own.get(name)?.definition.schedule;
    const next = schedule ? timesOf(schedule).next(Date.now()) : null;
    return {
      name,
      runs: runs.get(name) ?? [],
      next: next === null ? undefined : new Date(next),
      canRun: own.has(name),
    };
  });
}

import { createHash } from "node:crypto";
import type { SaveOptions } from "../contracts/save-options.ts";
import { ConfigError, NotFoundError, SaveError } from "../errors.ts";
import { columnOf, heightOf, lazyOf } from "../frame/access.ts";
import { plainName } from "../frame/names.ts";
import { type DataFrame, pl } from "../frame/polars.ts";
import { evaluateChecks } from "./checks/evaluate.ts";
import { quarantineName, restoreRows } from "./checks/quarantine.ts";
import type { ReadyStep } from "./normalize.ts";
import type { RetryOptions, RunSurroundings } from "./pipeline.ts";
import { claimPipeline } from "./run/claim.ts";
import { type SaverPlace, saverPlace } from "./run/places.ts";
import type { Ready } from "./run/run-pipeline.ts";
import { surround } from "./run/surroundings.ts";

/** What became of rows that were put aside. */
export interface RetriedRows {
  readonly loaded: number;
  /** Rows that still break a check. */
  readonly left: number;
}

/** Rows that one source of one run put aside. Their number is final, so that loading them has a name of its own. */
interface Group {
  readonly run: string;
  readonly source: string;
  readonly rows: DataFrame;
}

export async function retryQuarantine(
  { definition, steps }: Ready,
  destination: string,
  { mend, ...options }: RunSurroundings & RetryOptions,
): Promise<RetriedRows> {
  const { name } = definition;
  await using around = await surround(name, options);
  await using _ = await claimPipeline(around.ledger, name, { onOverlap: "fail", signal: new AbortController().signal });
  const place = saverPlace(around.factory, destination);
  const { frame: target, source } = place;
  if (target === undefined || !source) {
    throw new ConfigError(`"${destination}" has to name a storage and a frame, such as postgres:prices.`);
  }
  const quarantine = quarantineName(plainName(target));
  const kept = await source.getData(quarantine).catch((cause: unknown) => {
    if (cause instanceof NotFoundError) return null;
    throw cause;
  });
  if (kept === null) return { loaded: 0, left: 0 };
  let loaded = 0;
  const left: string[] = [];
  for (const group of await groupsOf(kept)) {
    const step = steps.find((each) => group.source.startsWith(`${each.name}/`));
    for (const { frame, ids } of await restoreRows(group.rows)) {
      const rows = mend ? await mend(frame) : frame;
      const still = await broken(rows, step);
      const good = await withoutRows(rows, still);
      if (heightOf(good) > 0) {
        const loadedIds = ids.filter((_, row) => !still.has(row));
        await load(place, target, good, step, `${group.run}/${group.source}/${hashOf(loadedIds)}`);
        loaded += heightOf(good);
      }
      left.push(...ids.filter((_, row) => still.has(row)));
    }
  }
  await keepOnly(place, quarantine, kept, left);
  return { loaded, left: left.length };
}

async function groupsOf(kept: DataFrame): Promise<Group[]> {
  const [runs, sources] = [columnOf(kept, "run").toArray(), columnOf(kept, "source").toArray()];
  const rows = new Map<string, number[]>();
  for (const [row, run] of runs.entries()) {
    const key = JSON.stringify([run, sources[row]]);
    rows.set(key, [...(rows.get(key) ?? []), row]);
  }
  return Promise.all(
    [...rows].map(async ([key, numbers]) => {
      const [run, source] = JSON.parse(key) as [string, string];
      const index = pl.Series("row", numbers, pl.Int64);
      return { run, source, rows: await lazyOf(kept).select(pl.all().gather(index)).collect() };
    }),
  );
}

/** Numbers of the rows that still break a check of their step. */
async function broken(rows: DataFrame, step: ReadyStep | undefined): Promise<ReadonlySet<number>> {
  if (!step?.checks) return new Set();
  const { bad } = await evaluateChecks(rows, step.checks, { onFail: "quarantine" });
  return new Set(bad?.faults.map(({ row }) => row - 1));
}

async function withoutRows(rows: DataFrame, left: ReadonlySet<number>): Promise<DataFrame> {
  if (left.size === 0) return rows;
  const good = Array.from({ length: heightOf(rows) }, (_, row) => row).filter((row) => !left.has(row));
  return lazyOf(rows)
    .select(pl.all().gather(pl.Series("row", good, pl.Int64)))
    .collect();
}

/** The mark makes a second loading of the same rows, after a kill, save nothing. */
async function load(
  place: SaverPlace,
  target: string,
  rows: DataFrame,
  step: ReadyStep | undefined,
  part: string,
): Promise<void> {
  const work = step?.work;
  const how = work?.kind === "copy" ? work.copy : work?.kind === "calculate" ? work.calculate : undefined;
  const options = (how?.mode === "upsert" ? { mode: "upsert", key: how.key } : { mode: "append" }) as SaveOptions;
  const run = "keptMarks" in place.saver ? { run: { id: "quarantine", part } } : {};
  if ((await place.saver.saveData(rows, target, { ...options, ...run })) !== true) {
    throw new SaveError(`The saver refused "${target}".`, { frame: target });
  }
}

async function keepOnly({ saver }: SaverPlace, name: string, kept: DataFrame, ids: readonly string[]): Promise<void> {
  if (ids.length === heightOf(kept)) return;
  if (ids.length === 0 && "deleteData" in saver && typeof saver.deleteData === "function") {
    await saver.deleteData(name);
    return;
  }
  const wanted = new Set(ids);
  const all = columnOf(kept, "id").toArray() as string[];
  const rows = all.flatMap((id, row) => (wanted.has(id) ? [row] : []));
  const rest = await lazyOf(kept)
    .select(pl.all().gather(pl.Series("row", rows, pl.Int64)))
    .collect();
  await saver.saveData(rest, name, { mode: "replace" });
}

function hashOf(ids: readonly string[]): string {
  return createHash("sha256").update(ids.join("\n")).digest("hex").slice(0, 16);
}

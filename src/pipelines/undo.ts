import type { ILedger, RunRecord, TouchRecord } from "../contracts/ledger.ts";
import { ConflictError } from "../errors.ts";
import type { DataFactory } from "../factory/data-factory.ts";
import { noRun } from "./ledger/no-run.ts";
import type { RunSurroundings } from "./pipeline.ts";
import { claimPipeline } from "./run/claim.ts";
import type { Ready } from "./run/run-pipeline.ts";
import { surround } from "./run/surroundings.ts";
import { dropBefore } from "./run/touches.ts";
import { forgetResults } from "./steps/results.ts";

/** What was done to one destination to undo a run. */
export interface UndoneDestination {
  readonly storage: string;
  readonly destination: string;
  /** It was not there before the run, or it stands there again as it was. */
  readonly done: "deleted" | "restored";
}

/** Puts every destination of a run, and of the runs of other pipelines within it, back as it was. */
export async function undoRun(
  { definition }: Ready,
  id: string,
  options: RunSurroundings,
): Promise<UndoneDestination[]> {
  const { name } = definition;
  await using around = await surround(name, options);
  const { ledger, factory, logger } = around;
  await using _ = await claimPipeline(ledger, name, { onOverlap: "fail", signal: new AbortController().signal });
  const found = await ledger.run(id);
  if (found?.pipeline !== name) {
    throw await noRun(ledger, id, { what: `${name} has`, pipeline: name });
  }
  if (found.state === "undone") throw refused(found, "it was undone already");
  const runs = await withInner(ledger, found);
  const touches = (await Promise.all(runs.map(({ id: run }) => ledger.touches({ run })))).flat();
  if (touches.length === 0 && found.rows > 0) throw refused(found, "what it touched is not known any more");
  await refuseTouchedLater(ledger, found, runs, touches);
  refuseUnkept(found, touches, factory);
  const undone: UndoneDestination[] = [];
  for (const touch of touches.sort((a, b) => b.sequence - a.sequence)) {
    undone.push(await putBack(factory, touch));
    logger.info(
      { pipeline: name, run: id },
      `${touch.type}:${touch.destination} is as it was before run ${touch.run}.`,
    );
  }
  for (const run of runs) {
    await putCursorsBack(ledger, run);
    await forgetResults(ledger, run.pipeline, run.id);
    await ledger.endRun(run.id, { state: "undone", rows: run.rows, bytes: run.bytes, error: null });
  }
  for (const touch of touches) await dropBefore(around, touch);
  return undone;
}

/** The run and those of pipelines that are steps of it. */
async function withInner(ledger: ILedger, run: RunRecord): Promise<RunRecord[]> {
  const inner: RunRecord[] = [];
  for (const step of await ledger.steps(run.id)) {
    if (step.kind !== "pipeline") continue;
    for (const each of await ledger.runs({ parent: `${run.id}/${step.name}` }))
      inner.push(...(await withInner(ledger, each)));
  }
  return [run, ...inner];
}

async function refuseTouchedLater(
  ledger: ILedger,
  run: RunRecord,
  runs: readonly RunRecord[],
  touches: readonly TouchRecord[],
): Promise<void> {
  const own = new Set(runs.map(({ id }) => id));
  for (const touch of touches) {
    const { storage, destination } = touch;
    const later = (await ledger.touches({ storage, destination })).filter(
      (each) => each.sequence > touch.sequence && !own.has(each.run),
    );
    for (const each of later) {
      const other = await ledger.run(each.run);
      if (!other || other.state === "undone") continue;
      throw refused(
        run,
        `run ${other.id} of ${other.pipeline} touched ${touch.type}:${touch.destination} after it`,
        touch.destination,
      );
    }
  }
}

function refuseUnkept(run: RunRecord, touches: readonly TouchRecord[], factory: DataFactory): void {
  for (const { before, type, destination } of touches) {
    const storage = factory.storages.find((each) => each.type === type);
    if (before === null) throw refused(run, `what stood at ${type}:${destination} is not kept`, destination);
    if (before.kind === "unknown" || !storage) {
      // A storage for passing things on, such as temp, keeps nothing and is left as it is.
      if (storage && !storage.backup) continue;
      throw refused(run, `what stood at ${type}:${destination} can't be brought back there`, destination);
    }
  }
}

function refused({ id, pipeline }: RunRecord, why: string, frame?: string): ConflictError {
  return new ConflictError(`Run ${id} of ${pipeline} can't be undone: ${why}.`, {
    code: "UNDO_REFUSED",
    ...(frame !== undefined && { frame }),
    hint: "Restore a backup instead. Pipelines with `undoable: true` keep what stood there before their last run.",
  });
}

async function putBack(factory: DataFactory, { before, type, destination }: TouchRecord): Promise<UndoneDestination> {
  const storage = factory.storages.find((each) => each.type === type);
  const about = { storage: type, destination };
  switch (before?.kind) {
    case "nothing":
      await call(storage?.saver?.(), "deleteData", destination);
      return { ...about, done: "deleted" };
    case "snapshot":
      await call(storage?.saver?.(), "restoreVersion", destination, { snapshot: before.name });
      return { ...about, done: "restored" };
    case "backup":
      await call(storage?.backup?.(), "restoreData", before.location, destination);
      return { ...about, done: "restored" };
    default:
      return { ...about, done: "restored" };
  }
}

async function call(component: object | undefined, method: string, ...values: readonly unknown[]): Promise<void> {
  const found: unknown = component && Reflect.get(component, method);
  if (typeof found !== "function") throw new Error(`The storage has no ${method}.`);
  await found.call(component, ...values);
}

/** Where the storage keeps cursors they came back with the rows. The ledger's copy goes back to what the run before said. */
async function putCursorsBack(ledger: ILedger, { id, pipeline }: RunRecord): Promise<void> {
  const moved = (await ledger.cursors(pipeline)).filter(({ run }) => run === id);
  if (moved.length === 0) return;
  const runs = await ledger.runs({ pipeline, limit: 100 });
  const earlier = runs.slice(runs.findIndex((run) => run.id === id) + 1).filter(({ state }) => state !== "undone");
  for (const { reader } of moved) {
    const before = await lastCursor(ledger, earlier, reader);
    if (before) await ledger.putCursor({ pipeline, reader, value: before.value, run: before.run, forced: false });
    else await ledger.dropCursors(pipeline, reader);
  }
}

async function lastCursor(ledger: ILedger, runs: readonly RunRecord[], reader: string) {
  for (const { id } of runs) {
    const found = (await ledger.sources(id)).find(
      ({ step, source, cursor }) => cursor !== null && `${step}/${source}` === reader,
    );
    if (found?.cursor) return { value: found.cursor, run: id };
  }
  return null;
}

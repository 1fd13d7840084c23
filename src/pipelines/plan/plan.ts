import type { BrokenCheck } from "../../contracts/check.ts";
import type { ILedger, KeptError } from "../../contracts/ledger.ts";
import type { Logger } from "../../contracts/logger.ts";
import type { SaveOptions } from "../../contracts/save-options.ts";
import { heightOf, sliceOf } from "../../frame/access.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { diff } from "../diff/diff.ts";
import type { FrameDiff } from "../diff/result.ts";
import type { RunOptions } from "../pipeline.ts";
import { ending } from "../run/ending.ts";
import { execute } from "../run/execute.ts";
import { keptError } from "../run/kept-error.ts";
import { rememberWork } from "../run/once.ts";
import { type Ready, requestOf } from "../run/run-pipeline.ts";
import type { Happening, Session } from "../run/session.ts";
import { surround } from "../run/surroundings.ts";
import { Touches } from "../run/touches.ts";
import { PlannedFrames, type PlannedSave } from "./planned.ts";
import { planText } from "./text.ts";

/** A statement that would change a database besides its rows, and why. */
interface Statement {
  readonly sql: string;
  readonly reason: string;
}

/** What a run would do to one destination. */
export interface PlannedChange {
  /** The step that saves. */
  readonly step: string;
  /** Type of the storage. */
  readonly storage: string;
  /** The name there. */
  readonly destination: string;
  /** How it is saved: `replace`, `append` or `upsert`. */
  readonly mode: string;
  /** Nothing stands there yet. */
  readonly isNew: boolean;
  /** Statements on the schema that the save would need, with why; empty for storages without any. */
  readonly statements: readonly Statement[];
  /** Rows that would come. */
  readonly inserts: number;
  /** Rows that would change. */
  readonly updates: number;
  /** Rows that would go. */
  readonly deletes: number;
  /** Rows that would stay as they are. */
  readonly unchanged: number;
  /** Five rows of each, and how the columns differ. */
  readonly diff: FrameDiff;
}

/** What a run would do. */
export interface PipelinePlan {
  /** The pipeline's name. */
  readonly pipeline: string;
  /** One for each destination, in the order in which they would be saved. */
  readonly changes: readonly PlannedChange[];
  /** Steps that can't be looked into: functions that are not `plannable`. */
  readonly unplanned: readonly string[];
  /** Checks that would not hold, with the step, the destination and the number of rows that would be put aside. */
  readonly broken: readonly (BrokenCheck & {
    readonly step: string;
    readonly destination: string;
    readonly quarantined: number;
  })[];
  /** Why the run would fail; null when it would not. */
  readonly error: KeptError | null;
  /** For people. */
  readonly text: string;
}

/** Reads and calculates as a run does, keeps the results in memory, and compares them with what stands there. */
export async function planPipeline(ready: Ready, options: RunOptions): Promise<PipelinePlan> {
  const { name } = ready.definition;
  await using around = await surround(name, options);
  const { config, factory } = around;
  const logger = withoutNews(around.logger);
  using end = ending({ outer: [options.signal], what: `The plan of ${name}` });
  const planned = new PlannedFrames();
  const broken: PipelinePlan["broken"][number][] = [];
  const session: Session = {
    ...{ id: "plan", pipeline: name, factory, config, logger, ledger: readingOnly(around.ledger), began: new Date() },
    signal: end.signal,
    request: requestOf(ready, options),
    touches: new Touches(false),
    planned,
    emit: (event: Happening) => {
      if (event.type !== "checks-broken") return;
      const { step, destination, quarantined } = event;
      broken.push(...event.broken.map((each) => ({ ...each, step, destination, quarantined })));
    },
    once: rememberWork(),
    offered: new Set(),
  };
  const can = ready.steps.filter(isPlannable);
  const { cause } = await execute(session, can);
  end.signal.throwIfAborted();
  const changes: PlannedChange[] = [];
  for (const saves of byDestination(planned.saves)) changes.push(await changeOf(saves));
  const unplanned = ready.steps.filter((step) => !isPlannable(step)).map((step) => step.name);
  const found = {
    pipeline: name,
    changes,
    unplanned,
    broken,
    error: cause === undefined ? null : keptError(cause, config),
  };
  return { ...found, text: planText(found) };
}

/** What is news in a run, such as what was saved, is none in a plan. */
function withoutNews(logger: Logger): Logger {
  const debug: Logger["debug"] = logger.debug.bind(logger);
  return { debug, info: debug, warn: logger.warn.bind(logger), error: logger.error.bind(logger) };
}

function isPlannable({ work }: Ready["steps"][number]): boolean {
  return work.kind !== "pipeline" && (work.kind !== "run" || work.plannable);
}

function byDestination(saves: readonly PlannedSave[]): PlannedSave[][] {
  return [...Map.groupBy(saves, ({ place, destination }) => `${place.id}\n${destination}`).values()];
}

async function changeOf(saves: readonly PlannedSave[]): Promise<PlannedChange> {
  const [first, last] = [saves[0] as PlannedSave, saves.at(-1) as PlannedSave];
  const { place, destination, options, step } = last;
  const { before } = first;
  const mode = options.mode ?? "replace";
  const key = options.key ?? (before ? await keyOf(place.source, destination) : undefined);
  const statements = await statementsOf(last);
  const about = { step, storage: place.type, destination, mode, isNew: before === null, statements };
  // A single save that adds is seen from its own rows: what it does not name stays as it is.
  const adds = saves.length === 1 && before !== null && mode !== "replace";
  if (adds && mode === "append") {
    const found = await diff(emptyOf(last.given), last.given, { samples });
    return { ...about, ...{ inserts: found.added, updates: 0, deletes: 0, unchanged: heightOf(before) }, diff: found };
  }
  const next = adds ? last.given : before === null && saves.length === 1 ? last.given : await last.after();
  const found = await diff(before ?? emptyOf(next), next, { samples, ...(key && { key }) });
  const { added: inserts, changed: updates, removed, unchanged } = found;
  if (!adds) return { ...about, inserts, updates, deletes: removed, unchanged, diff: found };
  return {
    ...{ ...about, inserts, updates, deletes: 0, unchanged: unchanged + removed },
    diff: { ...found, removed: 0, unchanged: unchanged + removed, samples: { ...found.samples, removed: [] } },
  };
}

/** Rows of each kind that are shown. */
const samples = 5;

/** Rows can be paired only where their key is in both frames. */
async function keyOf(source: object | undefined, name: string): Promise<readonly string[] | undefined> {
  if (!source || !("describe" in source) || typeof source.describe !== "function") return undefined;
  const described = (await source.describe.call(source, name)) as { key?: string[] };
  return described.key;
}

function emptyOf(frame: DataFrame): DataFrame {
  return sliceOf(frame, 0, 0);
}

async function statementsOf({ place, given, destination, options }: PlannedSave): Promise<readonly Statement[]> {
  const { saver } = place;
  if (!("planSchema" in saver) || typeof saver.planSchema !== "function") return [];
  const { signal: _, onProgress: __, run: ___, ...rest } = options as SaveOptions;
  const found = (await saver.planSchema.call(saver, given, destination, rest)) as { statements: readonly Statement[] };
  return found.statements;
}

/** What is known stays known; what a plan does is not recorded. */
function readingOnly(ledger: ILedger): ILedger {
  const nothing = async () => {};
  return {
    claim: async () => null,
    ...{ beginRun: nothing, resumeRun: nothing, endRun: nothing, putStep: nothing, putSource: nothing },
    ...{ putCursor: nothing, dropCursors: nothing, putTouch: nothing, forgetBefore: nothing },
    ...{ runs: async () => [], run: async () => null, steps: async () => [], sources: async () => [] },
    sourceTotals: async () => ({ count: 0, failed: 0, rows: 0, bytes: 0 }),
    ...{ touches: async () => [], prune: async () => [], remember: async () => true },
    ...{ lastCalculation: async () => null, keepCalculation: nothing },
    ...{ lastScheduled: async () => null, claimScheduled: async () => false },
    cursors: (pipeline) => ledger.cursors(pipeline),
    recall: (kind, name) => ledger.recall(kind, name),
    [Symbol.asyncDispose]: nothing,
  };
}

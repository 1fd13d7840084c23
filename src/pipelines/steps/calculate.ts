import { Calculator } from "../../calculation/calculator.ts";
import { assignDestinations, samePlace } from "../../calculation/destinations.ts";
import type { ICalculator } from "../../contracts/calculator.ts";
import type { IDataBackup } from "../../contracts/data-backup.ts";
import type { SaveOptions } from "../../contracts/save-options.ts";
import type { CalculateStep } from "../definition.ts";
import { Reader } from "../incremental/reader.ts";
import type { Part } from "../run/part.ts";
import {
  type BackupPlace,
  backupPlace,
  type SaverPlace,
  type SourcePlace,
  saverPlace,
  sourcePlace,
} from "../run/places.ts";
import { RunSaver } from "../run/saver.ts";
import type { StepScope } from "../run/session.ts";
import { RunSource } from "../run/source.ts";
import { runSources, type SourceTotals, type SourceWork } from "../run/sources.ts";
import { sourcesOf } from "./choice.ts";
import { componentOf } from "./component.ts";
import { backfillParts } from "./ranges.ts";
import { resultMemory, resultsAt } from "./results.ts";

interface Places {
  readonly from: SourcePlace;
  readonly to: SaverPlace;
  readonly backup: BackupPlace | undefined;
}

/** Runs a calculator of the base class source by source, each with a state of its own; any other one as a whole. */
export async function calculateStep(scope: StepScope, step: CalculateStep): Promise<SourceTotals> {
  const { session, logger } = scope;
  const { config, factory, planned } = session;
  const calculator = componentOf<ICalculator>(step.calculator, { config, logger, methods: ["runCompleteCalculation"] });
  const places: Places = {
    from: sourcePlace(factory, step.from),
    to: saverPlace(factory, step.to),
    backup: step.backup === undefined ? undefined : backupPlace(factory, step.backup),
  };
  const listed = planned ? planned.over(places.from.source, places.from.id) : places.from.source;
  const given = step.sources ?? (places.from.frame === undefined ? undefined : [places.from.frame]);
  const names = await sourcesOf(scope, given, { id: places.from.id, source: listed });
  if (!(calculator instanceof Calculator)) {
    return runSources(scope, [{ source: "*", work: (part) => calculateAll(calculator, step, places, names, part) }]);
  }
  const same = samePlace({ storageId: places.from.id }, { storageId: places.to.id });
  const choose = calculator.destination?.bind(calculator);
  const works = assignDestinations(names, same, choose).flatMap(({ source, destination }): SourceWork[] =>
    backfillParts(session.request, step.incremental, source).map(({ name, range }) => ({
      source: name,
      of: source,
      work: (part) => calculateOne(calculator, step, places, { source, destination, range, part }),
    })),
  );
  return runSources(scope, works);
}

/** Why a source was skipped, in words. */
const skipped = {
  "no rows": "The source has no rows.",
  "no result": "The calculator gave nothing to save.",
  unchanged: "Unchanged: the result of this input and this version stands there.",
} as const;

interface Job {
  readonly source: string;
  readonly destination: string;
  readonly range: ReturnType<typeof backfillParts>[number]["range"];
  readonly part: Part;
}

async function calculateOne(calculator: Calculator, step: CalculateStep, places: Places, job: Job): Promise<void> {
  const { source, destination, range, part } = job;
  const { session, step: ready, signal } = part.scope;
  const rule = step.incremental;
  const reader = rule && new Reader(session, { rule, step: ready.name, source, backfill: range });
  await reader?.begin([{ place: places.to, name: destination }]);
  session.planned?.look(places.to, destination, signal);
  const rules = { checks: ready.checks, onFail: ready.onFail, defaults: defaultsOf(step), reader };
  const dataSource = new RunSource(() => part, places.from, reader);
  const dataSaver = new RunSaver(() => part, places.to, rules);
  const backupService = backupOf(part, places.backup);
  // A pipeline that is planned is to show what its results would be; one that reads what is new has nothing twice.
  const cached = !reader && !session.planned;
  const request = {
    ...{ dataSource, dataSaver, backupService, sources: [source] },
    ...(cached && { memory: resultMemory(session), results: resultsAt(places.to, session) }),
  };
  for (const _ of reader?.ranges() ?? [undefined]) {
    const reports = await calculator.runCompleteCalculation({ ...request, signal });
    const [report] = reports;
    if (report?.status === "failed") throw report.error;
    if (report?.status === "skipped") part.skip(reader ? "Nothing is new." : skipped[report.reason ?? "no result"]);
  }
  await reader?.done();
  if (reader && reader.leftOut > 0) part.note = `${reader.leftOut} rows without a time were left out.`;
}

async function calculateAll(
  calculator: ICalculator,
  step: CalculateStep,
  places: Places,
  names: string[],
  part: Part,
): Promise<void> {
  const { checks, onFail } = part.scope.step;
  const reports = await calculator.runCompleteCalculation(
    new RunSource(() => part, places.from),
    new RunSaver(() => part, places.to, { checks, onFail, defaults: defaultsOf(step) }),
    backupOf(part, places.backup),
    names,
  );
  const failed = reports.find(isFailed);
  if (failed) throw failed.error ?? new Error("The calculator reported a failure without a reason.");
}

/** The reports of a calculator of one's own may be anything; those that look like ours count. */
function isFailed(report: unknown): report is { status: "failed"; error?: unknown } {
  return typeof report === "object" && report !== null && "status" in report && report.status === "failed";
}

function defaultsOf({ mode, key }: CalculateStep): SaveOptions | undefined {
  if (mode === undefined && key === undefined) return undefined;
  return { ...(mode && { mode }), ...(key && { key }) } as SaveOptions;
}

/** Each name is backed up once in a run. Without a backup in the step there is none to be made, which is no mistake. */
function backupOf(part: Part, place: BackupPlace | undefined): IDataBackup {
  const { session } = part.scope;
  if (!place || session.planned) {
    return { backupData: async () => [false, null], backupAll: async () => [], healthCheck: async () => true };
  }
  const { backup } = place;
  return {
    backupData: (name) =>
      session.once(`backup ${place.id} ${name}`, () => backup.backupData(name)) as ReturnType<
        IDataBackup["backupData"]
      >,
    backupAll: () => backup.backupAll(),
    healthCheck: () => backup.healthCheck(),
  };
}

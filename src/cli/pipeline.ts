import { openLedger } from "../pipelines/ledger/open.ts";
import type { Pipeline, RunOptions, RunSurroundings } from "../pipelines/pipeline.ts";
import type { RunResult } from "../pipelines/result.ts";
import { countText } from "../pipelines/show/text.ts";
import type { RunArguments } from "./groups/pipelines.ts";
import type { GlobalOptions } from "./options.ts";
import { printJson, printLines, say, tableLines } from "./output.ts";
import { pipelineIn } from "./pipeline-files.ts";
import { inSession } from "./session.ts";

/** What the commands give to a pipeline. */
type Work = (pipeline: Pipeline, around: RunSurroundings) => Promise<void>;

async function withPipeline(
  file: string,
  name: string | undefined,
  options: GlobalOptions,
  work: Work,
  logLevel: "warn" | "info" = "warn",
): Promise<void> {
  const pipeline = await pipelineIn(file, name);
  await inSession(
    options,
    async ({ config, factory, logger }) => {
      await using ledger = await openLedger(config, logger);
      await work(pipeline, { factory, ledger, logger });
    },
    logLevel,
  );
}

export function run(file: string, how: RunArguments, options: GlobalOptions): Promise<void> {
  const work: Work = async (pipeline, around) => {
    printRun(await pipeline.run({ ...around, ...askedOf(how), ...shownAs(options) }), options);
  };
  return withPipeline(file, how.pipeline, options, work, "info");
}

function askedOf({ from, to, source }: RunArguments): Pick<RunOptions, "from" | "to" | "sources"> {
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }), ...(source && { sources: source }) };
}

export function resume(
  file: string,
  id: string | undefined,
  name: string | undefined,
  options: GlobalOptions,
): Promise<void> {
  const work: Work = async (pipeline, around) => {
    printRun(await pipeline.resume(id, { ...around, ...shownAs(options) }), options);
  };
  return withPipeline(file, name, options, work, "info");
}

export function plan(file: string, how: RunArguments, options: GlobalOptions): Promise<void> {
  return withPipeline(file, how.pipeline, options, async (pipeline, around) => {
    const found = await pipeline.plan({ ...around, ...askedOf(how) });
    if (options.json) printJson(found);
    else printLines([found.text.trimEnd()]);
    if (found.error) process.exitCode = 1;
  });
}

export function undo(file: string, id: string, name: string | undefined, options: GlobalOptions): Promise<void> {
  return withPipeline(file, name, options, async (pipeline, around) => {
    const undone = await pipeline.undo(id, around);
    if (options.json) return printJson(undone);
    printLines(undone.map(({ storage, destination, done }) => `${storage}:${destination} ${done}`));
  });
}

export function showState(file: string, name: string | undefined, options: GlobalOptions): Promise<void> {
  return withPipeline(file, name, options, async (pipeline, around) => {
    const cursors = await pipeline.state.show(around);
    if (options.json) return printJson(cursors);
    if (cursors.length === 0) return say(`${pipeline.name} has read nothing incrementally.`, options);
    printLines(
      tableLines(
        ["reader", "read up to", "run"],
        cursors.map(({ reader, value, run: by }) => [reader, value || "nothing", by ?? "set by hand"]),
      ),
    );
  });
}

export function setState(
  file: string,
  reader: string,
  time: string,
  name: string | undefined,
  options: GlobalOptions,
): Promise<void> {
  return withPipeline(file, name, options, async (pipeline, around) => {
    await pipeline.state.set(reader, time, around);
    if (options.json) return printJson({ pipeline: pipeline.name, reader, from: time });
    say(`The next run of ${pipeline.name} reads ${reader} from ${time}.`, options);
  });
}

export function resetState(
  file: string,
  reader: string | undefined,
  name: string | undefined,
  options: GlobalOptions,
): Promise<void> {
  return withPipeline(file, name, options, async (pipeline, around) => {
    await pipeline.state.reset(reader, around);
    if (options.json) return printJson({ pipeline: pipeline.name, reader: reader ?? null });
    say(`The next run of ${pipeline.name} reads ${reader ?? "everything"} anew.`, options);
  });
}

export function retryQuarantine(
  file: string,
  destination: string,
  name: string | undefined,
  options: GlobalOptions,
): Promise<void> {
  return withPipeline(file, name, options, async (pipeline, around) => {
    const { loaded, left } = await pipeline.quarantine.retry(destination, around);
    if (options.json) printJson({ loaded, left });
    else printLines([`${countText(loaded, "row")} loaded, ${left} left.`]);
  });
}

/** Results go to stdout, so progress may be live; with --quiet there is none. */
function shownAs({ quiet }: GlobalOptions): { show?: "none" } {
  return quiet ? { show: "none" } : {};
}

function printRun(result: RunResult, options: GlobalOptions): void {
  if (options.json) {
    printJson({ ...result, cause: undefined });
    return;
  }
  const steps = result.steps.map(({ name, state, rows, sources }) => [
    name,
    state,
    String(rows),
    String(sources.length),
  ]);
  printLines([
    `${result.pipeline} ${result.id} ${result.state}`,
    ...tableLines(["step", "state", "rows", "sources"], steps),
  ]);
}

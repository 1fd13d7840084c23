import { existsSync } from "node:fs";
import type { ILedger, RunRecord } from "../contracts/ledger.ts";
import { noRun } from "../pipelines/ledger/no-run.ts";
import { openLedger } from "../pipelines/ledger/open.ts";
import { resultOf } from "../pipelines/run/result.ts";
import type { GlobalOptions } from "./options.ts";
import { printJson, printLines, say, tableLines } from "./output.ts";
import { pipelineIn } from "./pipeline-files.ts";
import { inSession } from "./session.ts";

/** As many runs as a list has at most. */
const limit = 100;

/** Prints runs, newest first: all of them, or those of the pipeline in a file; or one run with its steps, by its id. */
export async function runs(what: string | undefined, name: string | undefined, options: GlobalOptions): Promise<void> {
  const isRun = what !== undefined && isRunId(what) && !existsSync(what);
  const pipeline = what === undefined || isRun ? name : (await pipelineIn(what, name)).name;
  await inSession(options, async ({ config, logger }) => {
    await using ledger = await openLedger(config, logger);
    if (isRun) return printOne(ledger, what, options);
    const found = await ledger.runs({ ...(pipeline === undefined ? {} : { pipeline }), limit });
    if (options.json) return printJson(found);
    if (found.length > 0) return printLines(runsTable(found, pipeline === undefined));
    say(pipeline === undefined ? "Nothing has been run yet." : `${pipeline} has not been run.`, options);
  });
}

/** A run is named by its time: `20260131-235959-a1b2c3`. What nearly looks like it is meant as one. */
function isRunId(text: string): boolean {
  return /^\d{6,9}-[\w-]*$/.test(text);
}

function runsTable(found: readonly RunRecord[], withPipeline: boolean): string[] {
  const rows = found.map(({ id, pipeline, state, began, rows: count, error }) => [
    id,
    ...(withPipeline ? [pipeline] : []),
    state,
    began.toISOString(),
    String(count),
    error?.message ?? "",
  ]);
  return tableLines(["run", ...(withPipeline ? ["pipeline"] : []), "state", "began", "rows", "error"], rows, 80);
}

async function printOne(ledger: ILedger, id: string, options: GlobalOptions): Promise<void> {
  const run = await ledger.run(id);
  if (!run) throw await noRun(ledger, id);
  const { cause: _, ...result } = await resultOf(ledger, run);
  if (options.json) return printJson(result);
  const rows = result.steps.map(({ name, state, rows: count, sources, error }) => [
    name,
    state,
    String(count),
    String(sources.length),
    error?.message ?? "",
  ]);
  printLines([
    `${run.pipeline} ${run.id} ${run.state}, began ${run.began.toISOString()}`,
    ...tableLines(["step", "state", "rows", "sources", "error"], rows, 80),
  ]);
}

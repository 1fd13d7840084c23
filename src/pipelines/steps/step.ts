import { ConfigError, RunError } from "../../errors.ts";
import type { InnerOptions } from "../run/run-pipeline.ts";
import type { StepScope } from "../run/session.ts";
import { runSources, type SourceTotals } from "../run/sources.ts";
import { calculateStep } from "./calculate.ts";
import { callStep } from "./call.ts";
import { copyStep } from "./copy.ts";
import { scrapeStep } from "./scrape.ts";

/** Does what a step is there for. Resolves with what became of its sources, failed ones too. */
export async function doStep(scope: StepScope): Promise<SourceTotals> {
  const { work } = scope.step;
  switch (work.kind) {
    case "scrape":
      return scrapeStep(scope, work.scrape);
    case "calculate":
      return calculateStep(scope, work.calculate);
    case "copy":
      return copyStep(scope, work.copy);
    case "run":
      return callStep(scope, work.run);
    case "pipeline":
      return pipelineStep(scope, work.pipeline);
  }
}

/** Another pipeline is a run of its own in the ledger. When this run is gone on with, so is that one. */
async function pipelineStep(
  scope: StepScope,
  pipeline: Extract<StepScope["step"]["work"], { kind: "pipeline" }>["pipeline"],
): Promise<SourceTotals> {
  const { session, step, signal } = scope;
  const { factory, ledger, logger, request } = session;
  if (pipeline.name === session.pipeline)
    throw new ConfigError(`The pipeline "${pipeline.name}" can't be a step of itself.`);
  const parent = `${session.id}/${step.name}`;
  const options: InnerOptions = {
    seat: session.seat && { ...session.seat, run: undefined },
    factory,
    ledger,
    logger,
    signal,
    signals: false,
    show: "none",
    parent,
    ...request,
  };
  return runSources(scope, [
    {
      source: "*",
      work: async (part) => {
        const [earlier] = await ledger.runs({ parent, limit: 1 });
        if (earlier?.state === "done") return;
        const result = earlier ? await pipeline.resume(earlier.id, options) : await pipeline.run(options);
        if (result.state === "skipped")
          throw new RunError(`"${pipeline.name}" did not run: another run of it was under way.`);
        part.saved(result.rows, result.bytes);
      },
    },
  ]);
}

import type { z } from "zod";
import type { Checks, OnFail } from "../contracts/check.ts";
import { ConfigError } from "../errors.ts";
import { assertChecks } from "./checks/place.ts";
import type {
  CalculateStep,
  CopyStep,
  Incremental,
  PipelineDefinition,
  ScrapeStep,
  Step,
  StepFunction,
  StepOptions,
} from "./definition.ts";
import { toMs } from "./duration.ts";
import type { Pipeline } from "./pipeline.ts";
import { assertSchedule } from "./schedule/times.ts";
import { pipelineShape, type StepKind, stepShapes } from "./shapes.ts";

/** How a step is tried again, with every default. */
export interface RetryRule {
  readonly attempts: number;
  readonly exponential: boolean;
  readonly delayMs: number;
  readonly maxDelayMs: number;
}

/** A step with what counts for it filled in. */
export interface ReadyStep {
  readonly name: string;
  readonly retries: RetryRule;
  readonly deadlineMs: number | undefined;
  readonly concurrency: number;
  readonly checks: Checks | undefined;
  readonly onFail: OnFail;
  readonly work: Work;
}

/** What a step does. */
export type Work =
  | { readonly kind: "scrape"; readonly scrape: ScrapeStep }
  | { readonly kind: "calculate"; readonly calculate: CalculateStep }
  | { readonly kind: "copy"; readonly copy: CopyStep }
  | { readonly kind: "run"; readonly run: StepFunction; readonly plannable: boolean }
  | { readonly kind: "pipeline"; readonly pipeline: Pipeline };

type Entry = StepOptions & Record<string, unknown>;

const kinds = Object.keys(stepShapes) as StepKind[];

/**
 * The steps of a definition in order, each with the pipeline's own options where it has none.
 *
 * @throws ConfigError that lists all faults.
 */
export function readySteps(definition: PipelineDefinition, isPipeline: (value: unknown) => boolean): ReadyStep[] {
  const faults: string[] = [];
  const shape = pipelineShape.safeParse(definition);
  faults.push(...faultsOf(shape.error));
  const given = (typeof definition === "object" && definition !== null ? definition : {}) as PipelineDefinition;
  if (given.checks !== undefined) faults.push(...assertChecks(given.checks).map((fault) => `checks: ${fault}`));
  if (given.schedule !== undefined) faults.push(...assertSchedule(given.schedule));
  const entries = entriesOf(given, isPipeline);
  if (entries.length === 0) faults.push("steps: there is nothing to do: give scrape, calculate, copy or steps");
  if (given.steps && (given.scrape ?? given.calculate ?? given.copy)) {
    faults.push("steps: give either steps or scrape, calculate and copy");
  }
  const steps = entries.flatMap(({ entry, path }, index) => {
    const kind = kindOf(entry);
    if (typeof kind !== "string") {
      faults.push(`${path}: ${kind.fault}`);
      return [];
    }
    // Of the short form the shape of the whole has told already.
    if (path !== "") faults.push(...faultsOf(stepShapes[kind].safeParse(entry).error, path));
    if (entry.checks !== undefined)
      faults.push(...assertChecks(entry.checks).map((fault) => `${path}.checks: ${fault}`));
    faults.push(...modeFaults(kind, entry, given).map((fault) => `${path || kind}: ${fault}`));
    return [{ entry, kind, index }];
  });
  if (faults.length === 0) {
    const named = nameSteps(steps);
    const twice = named.find((name, at) => named.indexOf(name) !== at);
    if (twice !== undefined) faults.push(`steps: two are called "${twice}"`);
    if (twice === undefined) return steps.map(({ entry, kind }, at) => ready(named[at] as string, kind, entry, given));
  }
  const name = typeof given.name === "string" ? ` "${given.name}"` : "";
  throw new ConfigError(`The pipeline${name} is not defined right: ${faults.join("; ")}.`, {
    hint: "docs/pipelines.md has an example of each part.",
  });
}

function entriesOf(
  definition: PipelineDefinition,
  isPipeline: (value: unknown) => boolean,
): { entry: Entry; path: string }[] {
  if (definition.steps) {
    if (!Array.isArray(definition.steps)) return [];
    return definition.steps.map((step: Step, index) => {
      const path = `steps[${index}]`;
      if (isPipeline(step)) return { entry: { pipeline: step } as Entry, path };
      if (typeof step === "function") {
        return { entry: { run: step, ...(step.name !== "" && { name: step.name }) } as Entry, path };
      }
      return { entry: step as unknown as Entry, path };
    });
  }
  return (["scrape", "calculate", "copy"] as const).flatMap((kind) =>
    definition[kind] === undefined ? [] : [{ entry: { [kind]: definition[kind] } as Entry, path: "" }],
  );
}

function kindOf(entry: unknown): StepKind | { fault: string } {
  if (typeof entry !== "object" || entry === null) return { fault: "expected a step, a function or a pipeline" };
  const found = kinds.filter((kind) => Reflect.get(entry, kind) !== undefined);
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  const list = kinds.join(", ");
  return { fault: first ? `has ${found.join(" and ")}, where one is one step` : `expected one of ${list}` };
}

/** What a mode and a key mean together. */
function modeFaults(kind: StepKind, entry: Entry, definition: PipelineDefinition): string[] {
  if (kind !== "copy" && kind !== "calculate") return [];
  const options = entry[kind] as { mode?: string; key?: unknown; incremental?: Incremental } | undefined;
  if (typeof options !== "object" || options === null) return [];
  const faults: string[] = [];
  if (options.mode === "upsert" && options.key === undefined) faults.push("mode upsert needs a key");
  if ((options.incremental ?? definition.incremental) && options.mode === "replace") {
    faults.push("an incremental step adds to what is there: mode replace would leave only the newest rows");
  }
  return faults;
}

function nameSteps(steps: readonly { entry: Entry; kind: StepKind }[]): string[] {
  const count = new Map<string, number>();
  return steps.map(({ entry, kind }) => {
    if (entry.name !== undefined) return entry.name;
    const base = kind === "pipeline" ? (entry.pipeline as Pipeline).name : kind;
    const number = (count.get(base) ?? 0) + 1;
    count.set(base, number);
    return number === 1 ? base : `${base} ${number}`;
  });
}

function ready(name: string, kind: StepKind, entry: Entry, pipeline: PipelineDefinition): ReadyStep {
  const {
    attempts = 3,
    backoff = "exponential",
    delay = "1s",
    maxDelay = "60s",
  } = {
    ...pipeline.retries,
    ...entry.retries,
  };
  return {
    name,
    retries: { attempts, exponential: backoff === "exponential", delayMs: toMs(delay), maxDelayMs: toMs(maxDelay) },
    deadlineMs: entry.deadline === undefined ? undefined : toMs(entry.deadline),
    concurrency: entry.concurrency ?? pipeline.concurrency ?? 4,
    checks: entry.checks ?? (kind === "pipeline" ? undefined : pipeline.checks),
    onFail: entry.onFail ?? pipeline.onFail ?? "stop",
    work: workOf(kind, entry, pipeline),
  };
}

function workOf(kind: StepKind, entry: Entry, { incremental }: PipelineDefinition): Work {
  const inherited = incremental && { incremental };
  switch (kind) {
    case "scrape":
      return { kind, scrape: entry.scrape as ScrapeStep };
    case "calculate":
      return { kind, calculate: { ...inherited, ...(entry.calculate as CalculateStep) } };
    case "copy":
      return { kind, copy: { ...inherited, ...(entry.copy as CopyStep) } };
    case "run":
      return { kind, run: entry.run as StepFunction, plannable: entry.plannable === true };
    case "pipeline":
      return { kind, pipeline: entry.pipeline as Pipeline };
  }
}

function faultsOf(error: z.ZodError | undefined, prefix = ""): string[] {
  return (error?.issues ?? []).map(({ path, message }) => {
    const place = [prefix, ...path.map(String)].filter((part) => part !== "").join(".");
    return place === "" ? message : `${place}: ${message}`;
  });
}

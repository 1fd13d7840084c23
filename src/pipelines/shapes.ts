import { z } from "zod";
import { duration, text, whole } from "../config/values.ts";
import { parseIso } from "../frame/iso.ts";

/** The shapes of a definition's parts; what only the whole shows stands in `normalize.ts`. */

function having(what: string, ...methods: readonly string[]) {
  return z.custom<object>(
    (value) =>
      typeof value === "object" &&
      value !== null &&
      methods.every((name) => typeof Reflect.get(value, name) === "function"),
    `expected ${what}`,
  );
}

const aClass = z.custom<object>((value) => typeof value === "function", "expected a class");
const names = z.array(text, "expected a list of names").min(1, "expected at least one name");
const key = z.array(text, "expected a list of columns").min(1, "expected at least one column");
const moment = z.union([z.date(), z.string().refine((value) => parseIso(value) !== null)], {
  error: 'expected a Date, or a text such as "2024-03-31" or "2024-03-31T09:30:00Z"',
});

const sourceRef = z.union([text, having("", "getData", "listSources")], {
  error: "expected the type of a storage, such as csv or csv:prices, or a component with getData",
});
const saverRef = z.union([text, having("", "saveData")], {
  error: "expected the type of a storage, such as postgres or postgres:prices, or a component with saveData",
});
const backupRef = z.union([text, having("", "backupData")], {
  error: "expected the type of a storage with backups, or a component with backupData",
});

export const retries = z.strictObject({
  attempts: whole(1, 1_000).optional(),
  backoff: z.enum(["exponential", "constant"], "expected exponential or constant").optional(),
  delay: duration.optional(),
  maxDelay: duration.optional(),
});

export const incremental = z
  .strictObject({
    cursor: text,
    start: moment.optional(),
    lag: duration.optional(),
    onNull: z.enum(["fail", "skip"], "expected fail or skip").optional(),
    window: duration.optional(),
  })
  .refine(({ window, start }) => window === undefined || start !== undefined, {
    error: "a window needs `start`: where the first one begins",
    path: ["window"],
  });

const scrape = z.strictObject({
  scraper: z.union([having("", "scrapeSingleSource", "getAvailableSources"), having("", "scrapeData"), aClass], {
    error: "expected a scraper, or its class",
  }),
  into: saverRef,
  sources: names.optional(),
  backup: backupRef.optional(),
});

const saving = {
  mode: z.enum(["replace", "append", "upsert"], "expected replace, append or upsert").optional(),
  key: key.optional(),
};

const calculate = z.strictObject({
  calculator: z.union([having("", "runCompleteCalculation"), aClass], { error: "expected a calculator, or its class" }),
  from: sourceRef,
  to: saverRef,
  backup: backupRef.optional(),
  sources: names.optional(),
  incremental: incremental.optional(),
  ...saving,
});

const copy = z.strictObject({
  from: sourceRef,
  to: z.union([saverRef, z.array(saverRef).min(1)], { error: "expected one storage or a list of them" }),
  sources: names.optional(),
  backup: backupRef.optional(),
  incremental: incremental.optional(),
  columns: key.optional(),
  batchRows: whole(1).optional(),
  schema: z.record(z.string(), z.unknown()).optional(),
  timeColumn: text.optional(),
  schemaChange: z.enum(["evolve", "freeze"], "expected evolve or freeze").optional(),
  ...saving,
});

const aFunction = z.custom<(...args: unknown[]) => unknown>(
  (value) => typeof value === "function",
  "expected a function",
);
export const onFail = z.enum(["stop", "warn", "quarantine"], "expected stop, warn or quarantine");

/** What every step may say for itself, and the pipeline for all of them. */
const shared = {
  retries: retries.optional(),
  deadline: duration.optional(),
  concurrency: whole(1, 100).optional(),
  checks: z.record(z.string(), z.unknown()).optional(),
  onFail: onFail.optional(),
};

/** The kinds of steps by their one key. */
export const stepShapes = {
  scrape: z.strictObject({ name: text.optional(), ...shared, scrape }),
  calculate: z.strictObject({ name: text.optional(), ...shared, calculate }),
  copy: z.strictObject({ name: text.optional(), ...shared, copy }),
  run: z.strictObject({ name: text.optional(), ...shared, run: aFunction, plannable: z.boolean().optional() }),
  pipeline: z.strictObject({
    name: text.optional(),
    ...shared,
    pipeline: having("a pipeline made by definePipeline", "run", "resume"),
  }),
} as const;

export type StepKind = keyof typeof stepShapes;

export const pipelineShape = z.strictObject({
  name: text.regex(
    /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,99}$/u,
    "expected letters, digits, spaces, `.`, `_` and `-`, at most 100",
  ),
  version: text.optional(),
  schedule: z.record(z.string(), z.unknown()).optional(),
  ...shared,
  onOverlap: z.enum(["skip", "wait", "fail"], "expected skip, wait or fail").optional(),
  onInterrupted: z.enum(["resume", "restart"], "expected resume or restart").optional(),
  incremental: incremental.optional(),
  undoable: z.boolean("expected true or false").optional(),
  onSuccess: aFunction.optional(),
  onFailure: aFunction.optional(),
  scrape: scrape.optional(),
  calculate: calculate.optional(),
  copy: copy.optional(),
  steps: z.array(z.unknown()).min(1, "expected at least one step").optional(),
});

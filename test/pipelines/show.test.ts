import { type Attributes, type Context, metrics, type Span, trace } from "@opentelemetry/api";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { RunEvent } from "../../src/contracts/run-event.ts";
import { CorruptDataError } from "../../src/errors.ts";
import { definePipeline } from "../../src/pipelines/define.ts";
import { liveView } from "../../src/pipelines/show/live.ts";
import { StepProgress } from "../../src/pipelines/show/progress.ts";
import { type Opened, openPlace, prices } from "./open.ts";

let place: Opened;
beforeAll(async () => {
  place = await openPlace();
  await place.save("csv", "shown", prices("A", 5));
});
afterAll(() => place[Symbol.asyncDispose]());

const about = { at: new Date(), run: "r", pipeline: "p", step: "copy" };
const ended = {
  ...about,
  type: "step-ended",
  state: "done",
  rows: 3_400,
  bytes: 9,
  durationMs: 1_200,
  error: null,
} as const;

test("the live view counts sources and rows, and tells rows per second and the time left", () => {
  let now = 1_000;
  const progress = new StepProgress(() => now);
  const take = (event: object) => progress.take({ ...about, ...event } as RunEvent);
  take({ type: "step-started", kind: "copy" });
  take({ type: "step-sources", total: 4, done: 0 });
  take({ type: "source-started", source: "a", attempt: 1 });
  now += 2_000;
  take({ type: "source-ended", source: "a", rows: 1_000 });
  take({ type: "source-started", source: "b", attempt: 1 });
  take({ type: "source-progress", source: "b", rows: 200 });
  expect(progress.text).toBe("1/4 sources, 1,200 rows, 600 rows/s, 6.0 s left");
});

test("the live view ends with the run, whichever steps were begun", async () => {
  const written: string[] = [];
  const write = process.stdout.write;
  process.stdout.write = ((text: string) => written.push(String(text)) > 0) as typeof process.stdout.write;
  try {
    await using view = await liveView(["copy", "later"]);
    view.listener({ ...about, type: "step-started", kind: "copy" });
    view.listener(ended);
  } finally {
    process.stdout.write = write;
  }
  expect(written.join("")).toContain("copy is done: 3,400 rows in 1.2 s.");
});

test("a program that has set up OpenTelemetry gets a span for the run, each step and each source, one below the other", async () => {
  const spans: { name: string; attributes: Attributes; parent: string | undefined; failed: boolean; ended: boolean }[] =
    [];
  const names = new WeakMap<object, string>();
  const startSpan = (name: string, { attributes = {} }: { attributes?: Attributes }, context: Context) => {
    const parent = trace.getSpan(context);
    const kept = { name, attributes, parent: parent && names.get(parent), failed: false, ended: false };
    spans.push(kept);
    const span = {
      setAttributes: (more: Attributes) => Object.assign(kept.attributes, more),
      setStatus: () => {
        kept.failed = true;
      },
      addEvent() {},
      end: () => {
        kept.ended = true;
      },
    };
    names.set(span, name);
    return span as unknown as Span;
  };
  const counted: [string, number][] = [];
  const instrument = (name: string) => ({
    add: (value: number) => void counted.push([name, value]),
    record: (value: number) => void counted.push([name, Math.sign(value)]),
  });
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan }) } as never);
  metrics.setGlobalMeterProvider({
    getMeter: () => ({ createCounter: instrument, createHistogram: instrument }),
  } as never);
  onTestFinished(() => {
    trace.disable();
    metrics.disable();
  });
  const broken = () => {
    throw new CorruptDataError("Odd.");
  };
  const pipeline = definePipeline({
    name: "traced",
    steps: [{ copy: { from: "csv:shown", to: "temp" } }, { name: "broken", run: broken }],
  });
  await pipeline.run(place.options).catch(() => {});
  expect(spans.map(({ name, parent, failed, ended }) => [name, parent, failed, ended])).toEqual([
    ["run traced", undefined, true, true],
    ["step copy", "run traced", false, true],
    ["source shown", "step copy", false, true],
    ["step broken", "run traced", true, true],
    ["source *", "step broken", true, true],
  ]);
  expect(spans[2]?.attributes).toMatchObject({
    "millrace.pipeline": "traced",
    "millrace.step": "copy",
    "millrace.rows": 5,
    "millrace.state": "done",
  });
  expect(counted).toEqual(
    expect.arrayContaining([
      ["millrace.rows", 5],
      ["millrace.runs", 1],
      ["millrace.step.duration", 1],
    ]),
  );
});

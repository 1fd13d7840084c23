import type { Attributes, Context, Span, SpanStatus } from "@opentelemetry/api";
import type { KeptError } from "../../contracts/ledger.ts";
import type { RunEvent } from "../../contracts/run-event.ts";
import type { Listener } from "../run/events.ts";

type Api = typeof import("@opentelemetry/api");

/** Under this name the library keeps what a program has set up. Without it nobody listens, and the library is not even loaded. */
const registered = Symbol.for("opentelemetry.js.api.1");

const silent = { listener: () => {}, async [Symbol.asyncDispose]() {} };

/** Spans of a run, its steps and sources, and metrics of what they did, for a program that has set up OpenTelemetry. */
export async function telemetryListener(): Promise<{ readonly listener: Listener } & AsyncDisposable> {
  if (!(registered in globalThis)) return silent;
  const api = await import("@opentelemetry/api").catch(() => null);
  if (!api) return silent;
  const spans = new Spans(api);
  return {
    listener: (event) => spans.take(event),
    async [Symbol.asyncDispose]() {
      spans.endAll();
    },
  };
}

/** Spans by what they are of: the run, `step`, or `step` and source. */
class Spans {
  readonly #api: Api;
  readonly #open = new Map<string, { span: Span; context: Context }>();
  readonly #outer: Context;
  readonly #rows;
  readonly #runs;
  readonly #duration;
  readonly #retries;

  constructor(api: Api) {
    this.#api = api;
    this.#outer = api.context.active();
    const meter = api.metrics.getMeter("millrace");
    this.#rows = meter.createCounter("millrace.rows", { description: "Rows saved by pipelines", unit: "{row}" });
    this.#runs = meter.createCounter("millrace.runs", {
      description: "Runs of pipelines by how they ended",
      unit: "{run}",
    });
    this.#retries = meter.createCounter("millrace.retries", { description: "Tries after a failure", unit: "{try}" });
    this.#duration = meter.createHistogram("millrace.step.duration", { description: "How long steps took", unit: "s" });
  }

  take(event: RunEvent): void {
    const { pipeline, run } = event;
    const common = { "millrace.pipeline": pipeline, "millrace.run": run };
    switch (event.type) {
      case "run-started":
        this.#begin("", `run ${pipeline}`, { ...common, "millrace.version": event.version });
        break;
      case "step-started":
        this.#begin(
          event.step,
          `step ${event.step}`,
          { ...common, "millrace.step": event.step, "millrace.kind": event.kind },
          "",
        );
        break;
      case "source-started":
        if (event.attempt > 1) this.#retries.add(1, { "millrace.pipeline": pipeline, "millrace.step": event.step });
        this.#begin(
          `${event.step}\n${event.source}`,
          `source ${event.source}`,
          { ...common, "millrace.step": event.step, "millrace.source": event.source },
          event.step,
        );
        break;
      case "source-retrying":
        this.#open
          .get(`${event.step}\n${event.source}`)
          ?.span.addEvent("retry", { attempt: event.attempt, message: event.error.message });
        break;
      case "checks-broken":
        this.#open
          .get(`${event.step}\n${event.source}`)
          ?.span.addEvent("checks broken", { messages: event.broken.map(({ message }) => message) });
        break;
      case "source-ended":
        this.#rows.add(event.rows, { "millrace.pipeline": pipeline, "millrace.step": event.step });
        this.#end(`${event.step}\n${event.source}`, event);
        break;
      case "step-ended":
        this.#duration.record(event.durationMs / 1_000, {
          "millrace.pipeline": pipeline,
          "millrace.step": event.step,
          state: event.state,
        });
        this.#end(event.step, event);
        break;
      case "run-ended":
        this.#runs.add(1, { "millrace.pipeline": pipeline, state: event.state });
        this.#end("", event);
        break;
    }
  }

  /** Of a run that ended in a way that nobody told of. */
  endAll(): void {
    for (const { span } of this.#open.values()) span.end();
    this.#open.clear();
  }

  #begin(key: string, name: string, attributes: Attributes, parent?: string): void {
    const { trace } = this.#api;
    this.#open.get(key)?.span.end();
    const around = (parent !== undefined && this.#open.get(parent)?.context) || this.#outer;
    const span = trace.getTracer("millrace").startSpan(name, { attributes }, around);
    this.#open.set(key, { span, context: trace.setSpan(around, span) });
  }

  #end(key: string, { state, rows, error }: { state: string; rows: number; error: KeptError | null }): void {
    const found = this.#open.get(key);
    if (!found) return;
    this.#open.delete(key);
    found.span.setAttributes({ "millrace.state": state, "millrace.rows": rows });
    if (error) {
      const status: SpanStatus = { code: this.#api.SpanStatusCode.ERROR, message: error.message };
      found.span.setStatus(status);
    }
    found.span.end();
  }
}

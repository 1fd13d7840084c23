import type { RunEvent } from "../../contracts/run-event.ts";
import type { Listener } from "../run/events.ts";
import { stepLine } from "./log.ts";
import { StepProgress } from "./progress.ts";

/** How often what changes all the time is drawn anew. */
const drawMs = 100;

interface Shown {
  readonly progress: StepProgress;
  readonly ended: PromiseWithResolvers<Extract<RunEvent, { type: "step-ended" }> | string>;
  task?: { title: string; output: string; skip(message?: string): void };
}

/** The steps of a run as a list on the terminal: what each does, how fast, and how long it may still take. */
export async function liveView(steps: readonly string[]): Promise<{ readonly listener: Listener } & AsyncDisposable> {
  const { Listr } = await import("listr2");
  const shown = new Map<string, Shown>(
    steps.map((step) => [step, { progress: new StepProgress(), ended: Promise.withResolvers() }]),
  );
  const list = new Listr(
    [...shown].map(([title, step]) => ({
      title,
      task: async (_context: unknown, task: NonNullable<Shown["task"]>) => {
        step.task = task;
        const event = await step.ended.promise;
        if (typeof event === "string") task.skip(`${title} ${event}`);
        else if (event.state === "done") task.title = stepLine(event);
        else throw new Error(stepLine(event));
      },
    })),
    {
      concurrent: false,
      exitOnError: false,
      // The run ends itself by a signal; the list's own listener would end the process at once, in the middle of a save.
      registerSignalListeners: false,
      rendererOptions: { collapseErrors: false, showErrorMessage: true },
    },
  );
  const drawn = list.run().catch(() => {});
  const timer = setInterval(() => {
    for (const { task, progress } of shown.values()) if (task && progress.begun) task.output = progress.text;
  }, drawMs);
  return {
    listener(event) {
      if (!("step" in event)) return;
      const step = shown.get(event.step);
      if (event.type === "step-started") {
        for (const earlier of steps.slice(0, steps.indexOf(event.step)))
          shown.get(earlier)?.ended.resolve("was done before");
      }
      step?.progress.take(event);
      if (event.type === "step-ended") step?.ended.resolve(event);
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      for (const { ended } of shown.values()) ended.resolve("was not begun");
      await drawn;
    },
  };
}

import type { Command } from "commander";
import { command, furtherCommand, globals, wholeNumber } from "./describe.ts";

/** The commands for several machines: workers, and the queue that they take from. */
export function queueCommands(program: Command): void {
  furtherCommand(program, "worker", "work on runs and sources of a queue, until it is ended")
    .argument("<files...>", "files that export pipelines, such as pipelines/*.ts")
    .option("--queue <name>", "its name; QUEUE_NAME")
    .option("--concurrency <count>", "sources at once; WORKER_CONCURRENCY", wholeNumber)
    .option("--port <port>", "port of health and metrics; WORKER_PORT", wholeNumber)
    .action(async (files: string[], how: WorkerArguments, self: Command) => {
      const { worker } = await import("../worker.ts");
      await worker(files, how, globals(self));
    });

  const queue = furtherCommand(program, "queue", "look after a queue");
  const named = (name: string, summary: string) =>
    command(queue, name, summary).argument("[queue]", "its name; QUEUE_NAME");
  named("status", "what waits, what is worked on, and what could not be done").action(
    async (name: string | undefined, _: object, self: Command) => {
      const { status } = await import("../queue/status.ts");
      await status(name, globals(self));
    },
  );
  for (const [verb, summary] of [
    ["pause", "let workers take nothing more out of it"],
    ["resume", "let workers take from it again"],
  ] as const) {
    named(verb, summary).action(async (name: string | undefined, _: object, self: Command) => {
      const { setPaused } = await import("../queue/pause.ts");
      await setPaused(name, verb === "pause", globals(self));
    });
  }
  named("redrive", "go on with the runs of all that could not be done").action(
    async (name: string | undefined, _: object, self: Command) => {
      const { redrive } = await import("../queue/redrive.ts");
      await redrive(name, globals(self));
    },
  );
  named("purge", "remove what waits")
    .option("--dead", "remove what could not be done instead")
    .option("--yes", "without asking")
    .action(async (name: string | undefined, how: PurgeArguments, self: Command) => {
      const { purge } = await import("../queue/purge.ts");
      await purge(name, how, globals(self));
    });
}

export interface WorkerArguments {
  readonly queue?: string;
  readonly concurrency?: number;
  readonly port?: number;
}

export interface PurgeArguments {
  readonly dead?: boolean;
  readonly yes?: boolean;
}

import type { Command } from "commander";
import { furtherCommand, globals } from "./describe.ts";

/** Commands about pipelines and their runs. */
export function pipelineCommands(program: Command): void {
  furtherCommand(program, "schedule", "run pipelines at their times, until it is ended")
    .argument("<files...>", "files that export pipelines, such as pipelines/*.ts")
    .option("--next", "print the next times, and run nothing")
    .action(async (files: string[], { next }: { next?: boolean }, self: Command) => {
      const { schedule } = await import("../schedule.ts");
      await schedule(files, { next: next === true }, globals(self));
    });
}

import type { Command } from "commander";
import { command, furtherCommand, globals } from "./describe.ts";

const fileHelp = "the file that exports the pipeline; one in pipelines/ also without folder and ending";
const pipelineOption = ["--pipeline <name>", "which one, of a file that exports several"] as const;

/** The commands that run pipelines and look after their runs. */
export function pipelineCommands(program: Command): void {
  const onFile = (command: Command) => command.argument("<file>", fileHelp).option(...pipelineOption);

  const onRange = (command: Command) =>
    onFile(command)
      .option("--from <time>", "fill a range anew, from here")
      .option("--to <time>", "to before here")
      .option("--source <name...>", "only these sources");

  onRange(command(program, "run", "run a pipeline once")).action(
    async (file: string, how: RunArguments, self: Command) => {
      const { run } = await import("../pipeline.ts");
      await run(file, how, globals(self));
    },
  );
  onFile(furtherCommand(program, "resume", "go on with a run that ended early"))
    .argument("[run]", "its id; the last one")
    .action(async (file: string, id: string | undefined, { pipeline }: Named, self: Command) => {
      const { resume } = await import("../pipeline.ts");
      await resume(file, id, pipeline, globals(self));
    });
  command(program, "runs", "list runs, newest first, or show one")
    .argument("[what]", "a run's id, or the file of a pipeline; all runs when left out")
    .option("--pipeline <name>", "only those of this one")
    .action(async (what: string | undefined, { pipeline }: Named, self: Command) => {
      const { runs } = await import("../runs.ts");
      await runs(what, pipeline, globals(self));
    });
  onRange(command(program, "plan", "show what a run would do, and write nothing")).action(
    async (file: string, how: RunArguments, self: Command) => {
      const { plan } = await import("../pipeline.ts");
      await plan(file, how, globals(self));
    },
  );
  onFile(furtherCommand(program, "undo", "put what a run wrote back as it was"))
    .argument("<run>", "the run's id")
    .action(async (file: string, id: string, { pipeline }: Named, self: Command) => {
      const { undo } = await import("../pipeline.ts");
      await undo(file, id, pipeline, globals(self));
    });

  const state = furtherCommand(program, "state", "how far incremental steps have come");
  onFile(command(state, "show", "show it")).action(async (file: string, { pipeline }: Named, self: Command) => {
    const { showState } = await import("../pipeline.ts");
    await showState(file, pipeline, globals(self));
  });
  onFile(command(state, "set", "let the next run read from a time"))
    .argument("<reader>", "step/source, as `state show` prints it")
    .argument("<time>", "ISO text")
    .action(async (file: string, reader: string, time: string, { pipeline }: Named, self: Command) => {
      const { setState } = await import("../pipeline.ts");
      await setState(file, reader, time, pipeline, globals(self));
    });
  onFile(command(state, "reset", "let the next run read all anew"))
    .argument("[reader]", "step/source; all of them")
    .action(async (file: string, reader: string | undefined, { pipeline }: Named, self: Command) => {
      const { resetState } = await import("../pipeline.ts");
      await resetState(file, reader, pipeline, globals(self));
    });

  const quarantine = furtherCommand(program, "quarantine", "rows that were put aside");
  command(quarantine, "list", "list for which frames rows were put aside, and why")
    .argument("[storage]", "csv, postgres, arctic, temp; all when left out")
    .action(async (storage: string | undefined, _: object, self: Command) => {
      const { listQuarantine } = await import("../quarantine.ts");
      await listQuarantine(storage, globals(self));
    });
  onFile(command(quarantine, "retry", "check them again, and load those that hold now"))
    .argument("<destination>", "storage:name, such as postgres:prices")
    .action(async (file: string, destination: string, { pipeline }: Named, self: Command) => {
      const { retryQuarantine } = await import("../pipeline.ts");
      await retryQuarantine(file, destination, pipeline, globals(self));
    });

  furtherCommand(program, "schedule", "run pipelines at their times, until it is ended")
    .argument("<files...>", "files that export pipelines, such as pipelines/*.ts")
    .option("--next", "print the next times, and run nothing")
    .action(async (files: string[], { next }: { next?: boolean }, self: Command) => {
      const { schedule } = await import("../schedule.ts");
      await schedule(files, { next: next === true }, globals(self));
    });

  furtherCommand(program, "diff", "compare two frames")
    .argument("<old>", "storage:name, such as csv:prices")
    .argument("<new>", "storage:name")
    .option("--key <columns>", "pair rows by these columns, separated by commas")
    .option("--order", "pair rows by their place")
    .action(async (old: string, next: string, how: DiffArguments, self: Command) => {
      const { diff } = await import("../diff.ts");
      await diff(old, next, how, globals(self));
    });
}

interface Named {
  readonly pipeline?: string;
}

export interface RunArguments extends Named {
  readonly from?: string;
  readonly to?: string;
  readonly source?: readonly string[];
}

export interface DiffArguments {
  readonly key?: string;
  readonly order?: boolean;
}

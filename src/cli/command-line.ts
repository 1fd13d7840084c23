import { readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import type { GlobalOptions } from "./options.ts";
import { describePipelineCommands } from "./pipeline-commands.ts";
import { exitCodes, reportError, UsageError } from "./report-error.ts";
import type { ScrapeCommand } from "./scrape.ts";

/**
 * Runs one command, and resolves with the exit code. Results go to stdout, all else to stderr. Each command's own file is
 * loaded when it is called, so that `--help` stays quick.
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  if (args.includes("--no-color")) {
    process.env.NO_COLOR = "1";
    delete process.env.FORCE_COLOR;
  }
  process.stdout.on("error", endOnClosedPipe);
  const program = describeCommands();
  try {
    await program.parseAsync(args, { from: "user" });
    return typeof process.exitCode === "number" ? process.exitCode : exitCodes.done;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done;
    const known = error instanceof CommanderError ? usageError(error, args, program) : error;
    return reportError(known, { json: args.includes("--json"), verbose: args.includes("--verbose") });
  }
}

function describeCommands(): Command {
  const program = new Command("millrace")
    .description("Looks at and looks after the data of millrace pipelines.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .option("--json", "print results as JSON")
    .option("--quiet", "print results and errors only")
    .option("--verbose", "log everything, on stderr")
    .option("--no-color", "print without colours (as NO_COLOR does)")
    .option("--service <name>", "take this service's settings of the app's config", "millrace")
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError(false);

  command(program, "doctor", "check this machine and the settings").action(async (_, self: Command) => {
    const { doctor } = await import("./doctor.ts");
    await doctor(globals(self));
  });
  command(program, "list", "list the frames of one storage, or of all")
    .argument("[storage]", "csv, postgres, arctic, temp")
    .action(async (storage: string | undefined, _, self: Command) => {
      const { list } = await import("./list.ts");
      await list(storage, globals(self));
    });
  command(program, "show", "show a frame's columns and first rows")
    .argument("<frame>", "storage:name, such as csv:prices")
    .option("--limit <rows>", "how many rows to show", wholeNumber, 5)
    .action(async (frame: string, { limit }: { limit: number }, self: Command) => {
      const { show } = await import("./show.ts");
      await show(frame, limit, globals(self));
    });
  command(program, "scrape", "scrape the sources of a scraper, and save them")
    .argument("<file>", "the scraper's file, and its class where it has several: scraper.ts#MyScraper")
    .argument("[sources...]", "only these sources")
    .option("--to <storage>", "where the rows are saved", "csv")
    .option("--run <how>", "fresh, resume or retryFailed")
    .option("--accept", "take what differs from the last good runs for an intended change")
    .option("--record <path>", "keep every exchange in this archive (.warc.gz)")
    .option("--replay <path>", "take the answers from this archive in place of the network")
    .action(async (file: string, sources: string[], given: ScrapeCommand, self: Command) => {
      const { scrape } = await import("./scrape.ts");
      await scrape(file, sources, given, globals(self));
    });
  command(program, "record", "record what a scraper fetches, for tests without a network")
    .argument("<file>", "the scraper's file, and its class where it has several: scraper.ts#MyScraper")
    .argument("[sources...]", "only these sources")
    .requiredOption("--out <path>", "the archive: fixture.warc.gz")
    .action(async (file: string, sources: string[], { out }: { out: string }, self: Command) => {
      const { record } = await import("./record.ts");
      await record(file, sources, out, globals(self));
    });
  command(program, "ps", "list this project's helper processes").action(async (_, self: Command) => {
    const { ps } = await import("./ps.ts");
    await ps(globals(self));
  });
  command(program, "stop", "end this project's helper processes")
    .option("--force", "end those in use, too")
    .action(async ({ force }: { force?: boolean }, self: Command) => {
      const { stop } = await import("./stop.ts");
      await stop({ force: force === true }, globals(self));
    });
  command(program, "schedule", "run pipelines at their times, until it is ended")
    .argument("<files...>", "files that export pipelines, such as pipelines/*.ts")
    .option("--next", "print the next times, and run nothing")
    .action(async (files: string[], { next }: { next?: boolean }, self: Command) => {
      const { schedule } = await import("./schedule.ts");
      await schedule(files, { next: next === true }, globals(self));
    });
  describePipelineCommands((parent, name, summary) => command(parent ?? program, name, summary), globals);
  return program;
}

function command(program: Command, name: string, summary: string): Command {
  return program.command(name).description(summary).helpOption("-h, --help", "print this help");
}

function globals(command: Command): GlobalOptions {
  return command.optsWithGlobals();
}

function usageError(error: CommanderError, args: readonly string[], program: Command): UsageError {
  const names = program.commands.map((each) => each.name());
  if (error.code === "commander.help" || error.code === "commander.helpDisplayed") {
    // The help was printed, and says it all.
    return new UsageError("", "", "");
  }
  const message = error.message.replace(/^error: /, "").replace(/\.$/, "");
  const what = `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
  if (error.code === "commander.unknownCommand") {
    return UsageError.unknownCommand(args.find((arg) => !arg.startsWith("-")) ?? "", names);
  }
  const named = args.find((arg) => names.includes(arg));
  const help = `millrace ${named ? `${named} ` : ""}--help`;
  return new UsageError(what, "The command line was not understood.", `See \`${help}\`.`);
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(text);
}

function version(): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  );
  return version;
}

/** `millrace list | head -1` closes the pipe early; that is no failure. */
function endOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(exitCodes.done);
  throw error;
}

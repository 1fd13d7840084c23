import { readFileSync } from "node:fs";
import { Command, CommanderError, Help } from "commander";
import { backupCommands } from "./groups/backup.ts";
import { dataCommands } from "./groups/data.ts";
import { pipelineCommands } from "./groups/pipelines.ts";
import { projectCommands } from "./groups/project.ts";
import { queueCommands } from "./groups/queue.ts";
import { scrapingCommands } from "./groups/scraping.ts";
import { exitCodes, reportError, UsageError } from "./report-error.ts";

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
  // What follows `node` is Node's, whatever it looks like.
  if (args[0] === "node" && !helpAsked(args[1])) return (await import("./node.ts")).node(args.slice(1));
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

function helpAsked(arg: string | undefined): boolean {
  return arg === "-h" || arg === "--help";
}

/** The everyday ones, as a new user needs them one after the other. */
const everyday = ["init", "run", "plan", "runs", "list", "show", "copy", "doctor", "serve", "help"];

/** What stands behind them, by what it is about. */
const groups = {
  data: dataCommands,
  pipelines: pipelineCommands,
  scraping: scrapingCommands,
  queue: queueCommands,
  project: projectCommands,
  backups: backupCommands,
} as const;

/** All commands with their arguments and options. */
export function describeCommands(): Command {
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
    .showSuggestionAfterError(false)
    .configureHelp({
      visibleCommands(command) {
        const shown = Help.prototype.visibleCommands.call(this, command);
        return command.parent ? shown : shown.sort((a, b) => everyday.indexOf(a.name()) - everyday.indexOf(b.name()));
      },
    });

  const further: string[] = [];
  for (const [about, add] of Object.entries(groups)) {
    const before = program.commands.length;
    add(program);
    const names = program.commands.slice(before).map(nameOf);
    further.push(`  ${about.padEnd(11)}${names.filter((name) => !everyday.includes(name)).join(", ")}`);
  }
  return program.addHelpText("after", `\nMore commands:\n${further.join("\n")}\n\nSee \`millrace <command> --help\`.`);
}

function usageError(error: CommanderError, args: readonly string[], program: Command): UsageError {
  if (error.code === "commander.help" || error.code === "commander.helpDisplayed") {
    // The help was printed, and says it all.
    return new UsageError("", "", "");
  }
  const { command, path } = commandOf(args, program);
  const help = ["millrace", ...path, "--help"].join(" ");
  if (error.code === "commander.unknownCommand") {
    const wanted = /'(.*)'/.exec(error.message)?.[1] ?? "";
    return UsageError.unknown("command", wanted, command.commands.map(nameOf), path);
  }
  const message = error.message.replace(/^error: /, "").replace(/\.$/, "");
  const what = `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
  if (error.code === "commander.unknownOption") {
    const wanted = /'(.*)'/.exec(error.message)?.[1] ?? "";
    const options = [...command.options, ...program.options].map(({ long }) => long ?? "");
    return UsageError.unknown("option", wanted, [...new Set([...options, "--help"])], path);
  }
  return new UsageError(what, "The command line was not understood.", `See \`${help}\`.`);
}

/** The command that the words before the first option name, as far as they do. */
function commandOf(args: readonly string[], program: Command): { command: Command; path: string[] } {
  const path: string[] = [];
  let command = program;
  for (const arg of args.filter((each) => !each.startsWith("-"))) {
    const next = command.commands.find((each) => each.name() === arg);
    if (!next) break;
    command = next;
    path.push(arg);
  }
  return { command, path };
}

function nameOf(command: Command): string {
  return command.name();
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

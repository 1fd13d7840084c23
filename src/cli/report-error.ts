import { inspect, styleText } from "node:util";
import { errorCodes } from "../error-codes.ts";
import { MillraceError } from "../errors.ts";
import { didYouMean } from "../system/nearest.ts";

/** What the exit code says; docs/cli.md has the same list. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  config: 4,
  unavailable: 5,
  interrupted: 130,
} as const;

/** A command line that can't be carried out. */
export class UsageError extends Error {
  readonly why: string;
  readonly next: string;

  constructor(what: string, why: string, next: string) {
    super(what);
    this.name = "UsageError";
    this.why = why;
    this.next = next;
  }

  /** For a word that is none of those that may stand there, with the nearest one. `path` is the command that it was given to. */
  static unknown(what: string, given: string, known: readonly string[], path: readonly string[] = []): UsageError {
    const command = ["millrace", ...path].join(" ");
    const meant = /"(.*)"/.exec(didYouMean(given, known))?.[1];
    const next = what === "command" ? `${command} ${meant}` : meant;
    return new UsageError(
      `There is no ${what} "${given}"${path.length > 0 ? ` of \`${command}\`` : ""}.`,
      `The ${what}s are ${known.join(", ")}.`,
      meant === undefined ? `See \`${command} --help\`.` : `Did you mean \`${next}\`?`,
    );
  }
}

/** Says on stderr what went wrong, why, and what to do next, in three lines; resolves with the exit code. */
export function reportError(error: unknown, { json, verbose }: { json: boolean; verbose: boolean }): number {
  const { what, why, next, code } = inThreeLines(error);
  if (json) {
    process.stderr.write(`${JSON.stringify({ error: { code, what, why, next } })}\n`);
  } else if (what !== "") {
    const label = (word: string) => styleText(["bold"], word.padEnd(6), { stream: process.stderr });
    const red = styleText(["red", "bold"], "error ", { stream: process.stderr });
    process.stderr.write(`${red}${what}\n${label("why")}${why}\n${label("next")}${next}\n`);
  }
  if (verbose && error instanceof Error) process.stderr.write(`${inspect(error)}\n`);
  return exitCodeOf(error);
}

function inThreeLines(error: unknown): { what: string; why: string; next: string; code: string } {
  if (error instanceof UsageError) {
    return { what: error.message, why: error.why, next: error.next, code: "USAGE" };
  }
  if (error instanceof MillraceError) {
    const { cause, remedy } = errorCodes[error.code];
    // Node puts the modules that asked below the first line.
    const deeper = error.cause instanceof Error ? (error.cause.message.split("\n")[0] ?? "") : "";
    const why = deeper === "" || error.message.includes(deeper) ? cause : deeper;
    return { what: error.message, why, next: error.hint ?? remedy, code: error.code };
  }
  return {
    what: error instanceof Error ? error.message : String(error),
    why: "This is not an error that millrace knows; it may be a bug in it.",
    next: "Run it again with --verbose, and report what it says.",
    code: "UNEXPECTED",
  };
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  if (!(error instanceof MillraceError)) return exitCodes.failed;
  if (["TYPE_UNKNOWN", "OPTION_UNSUPPORTED", "NAME_INVALID"].includes(error.code)) return exitCodes.usage;
  switch (error.name) {
    case "NotFoundError":
      return exitCodes.notFound;
    case "ConfigError":
      return exitCodes.config;
    case "UnavailableError":
      return exitCodes.unavailable;
    default:
      return exitCodes.failed;
  }
}

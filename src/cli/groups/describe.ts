import { type Command, InvalidArgumentError } from "commander";
import type { GlobalOptions } from "../options.ts";

/** Adds a command to a program or to a group of commands. */
export function command(parent: Command, name: string, summary: string): Command {
  return parent.command(name).description(summary).helpOption("-h, --help", "print this help");
}

/** Adds one that `--help` does not list: it stands behind the everyday ones. */
export function furtherCommand(parent: Command, name: string, summary: string): Command {
  return parent.command(name, { hidden: true }).description(summary).helpOption("-h, --help", "print this help");
}

export function globals(command: Command): GlobalOptions {
  return command.optsWithGlobals();
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(text);
}

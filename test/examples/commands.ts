import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { describeCommands } from "../../src/cli/command-line.ts";

/** What the documents name of the `millrace` command and what it does not have: `docs/cli.md: millrace lst`. */
export function unknownCommands(root: string): string[] {
  const docs = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  return ["README.md", ...docs.map((name) => `docs/${name}`)].flatMap((file) =>
    commandsIn(readFileSync(join(root, file), "utf8"))
      .filter((words) => !isKnown(words.split(/\s+/).slice(1), describeCommands()))
      .map((words) => `${file}: ${words}`),
  );
}

/** Each call in a code block, an indented line or between backticks. */
function commandsIn(text: string): string[] {
  const blocks = [...text.matchAll(/^```(?:sh)?\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? "");
  const indented = [...text.matchAll(/^\n((?: {4}\S.*\n)+)/gm)].map((match) => match[1] ?? "");
  const prose = text.replace(/^```[\s\S]*?^```$/gm, "");
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? "");
  const code = [...blocks, ...indented, ...spans].join("\n").replace(/#.*$/gm, "");
  const calls = code.matchAll(/(?:^|&&|npx|sudo) *(millrace [a-z-][^\n;&|>"`]*)/gm);
  return [...calls].map((match) => (match[1] ?? "").trim());
}

function isKnown([word = "", ...rest]: string[], parent: Command): boolean {
  const command = parent.commands.find((each) => each.name() === word || each.aliases().includes(word));
  if (!command) return /^(--version|--help|help|…)$/.test(word);
  if (command.commands.length > 0 && rest[0]?.match(/^[a-z]/)) return isKnown(rest, command);
  const options = [...command.options, ...parent.options].flatMap(({ long, short }) => [long, short]);
  const asked = rest
    .slice(0, rest.includes("--") ? rest.indexOf("--") : undefined)
    .filter((each) => /^--?[a-z]/.test(each));
  return word === "node" || asked.every((each) => each === "--help" || options.includes(each.split("=")[0]));
}

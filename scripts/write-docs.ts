import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { z } from "zod";
import { writeBenchmarkDocuments } from "../bench/harness/documents.ts";
import { describeCommands } from "../src/cli/command-line.ts";
import { settingMeta, settingNames, settings } from "../src/config/settings.ts";
import { errorCodes } from "../src/error-codes.ts";
import { writeApi } from "./api/files.ts";

const folder = new URL("../docs/", import.meta.url);
const opening = "<!-- written by scripts/write-docs.ts, from here -->";
const closing = "<!-- to here -->";

/** The documents that are written from tables, each with its written part. */
export const writtenParts: Record<string, () => string> = {
  "cli.md": commandsTable,
  "configuration.md": settingsTable,
  "errors.md": errorsTable,
};

/** What the document should hold: its own text, with the part between the two marks written anew. */
export async function documentAsWritten(name: string): Promise<{ is: string; shouldBe: string }> {
  const is = await readFile(new URL(name, folder), "utf8");
  const [before, rest] = is.split(opening);
  const after = rest?.split(closing)[1];
  const part = writtenParts[name];
  if (before === undefined || after === undefined || part === undefined)
    throw new Error(`docs/${name} lacks its marks.`);
  return { is, shouldBe: `${before}${opening}\n\n${part()}\n\n${closing}${after}` };
}

function commandsTable(): string {
  const rows = (parent: Command, words: string): string[] =>
    parent.commands.flatMap((each) => {
      const name = `${words} ${each.name()}`;
      if (each.commands.length > 0) return rows(each, name);
      const given = each.registeredArguments.map((argument) =>
        argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
      );
      const about = each.registeredArguments.map((argument) => `\`${argument.name()}\`: ${argument.description}`);
      const options = each.options.map(({ flags, description }) => `\`${flags}\`: ${description}`);
      const what = [`${each.description()}.`, ...[...about, ...options].map((line) => `<br>${line}`)].join(" ");
      return [`| \`${[name, ...given].join(" ")}\` | ${cell(what)} |`];
    });
  return ["| command | what it does |", "| --- | --- |", ...rows(describeCommands(), "millrace")].join("\n");
}

function settingsTable(): string {
  const rows = settingNames.map((name) => {
    const { description = "", aliases = [], fallback, secret } = settingMeta(name);
    const notes = [
      ...(aliases.length > 0 ? [`Also ${aliases.map((alias) => `\`${alias}\``).join(", ")}.`] : []),
      ...(fallback ? ["Must be set in production."] : []),
      ...(secret ? [`${secret === "uri" ? "Its keys are hidden" : "Hidden"} wherever it is shown.`] : []),
    ];
    return `| \`${name}\` | ${typeOf(name)} | ${defaultOf(name)} | ${cell([description, ...notes].join(" "))} |`;
  });
  return ["| setting | values | default | meaning |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function typeOf(name: keyof typeof settings.shape): string {
  const schema = z.toJSONSchema(settings.shape[name], { unrepresentable: "any", io: "input" });
  if (Array.isArray(schema.enum)) return schema.enum.map((word) => `\`${String(word)}\``).join(", ");
  if (schema.type === "string") return "text";
  const value = defaultValue(name);
  if (typeof value === "string") return "text";
  if (typeof value === "boolean") return "`true`, `false`";
  return durations.has(name) ? "duration" : sizes.has(name) ? "size" : "whole number";
}

const durations = new Set<string>(settingNames.filter((name) => settings.shape[name].safeParse("90s").data === 90_000));

const sizes = new Set<string>(settingNames.filter((name) => settings.shape[name].safeParse("1KB").data === 1_024));

function defaultValue(name: keyof typeof settings.shape): unknown {
  return settings.shape[name].safeParse(undefined).data;
}

function defaultOf(name: keyof typeof settings.shape): string {
  const value = defaultValue(name);
  if (value === undefined) return "";
  return `\`${durations.has(name) && typeof value === "number" ? durationText(value) : String(value)}\``;
}

function durationText(milliseconds: number): string {
  const [unit, size] = Object.entries({ d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 }).find(
    ([, length]) => milliseconds % length === 0 && milliseconds >= length,
  ) ?? ["ms", 1];
  return `${milliseconds / size}${unit}`;
}

function errorsTable(): string {
  const rows = Object.entries(errorCodes).map(
    ([code, { kind, retryable, cause, remedy }]) =>
      `| \`${code}\` | \`${kind}\` | ${retryable ? "yes" : "no"} | ${cell(cause)} | ${cell(remedy)} |`,
  );
  return ["| code | class | retryable | cause | remedy |", "| --- | --- | --- | --- | --- |", ...rows].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of Object.keys(writtenParts)) {
    await writeFile(new URL(name, folder), (await documentAsWritten(name)).shouldBe);
  }
  writeApi(fileURLToPath(new URL("../", import.meta.url)));
  await writeBenchmarkDocuments();
}

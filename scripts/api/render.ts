import { anchors } from "../anchors.ts";
import type { ApiDoor, ApiEntry, ApiMember } from "./entry.ts";

const note = "<!-- written by `npm run docs` from the docstrings in src -->";

/** The reference as files of docs/api: an index, and one page for each door. */
export function renderApi(doors: readonly ApiDoor[]): Map<string, string> {
  const rows = doors.map((door) => {
    const count = door.groups.flatMap(({ entries }) => entries).length;
    return `| [\`${door.name}\`](${pageOf(door)}) | ${cell(door.about)} | ${count} |`;
  });
  const index = [
    note,
    "# API reference",
    "Every export of the package, by the door through which it is imported. Written from the docstrings; your editor shows the same.",
    ["| door | what it is | exports |", "| --- | --- | --- |", ...rows].join("\n"),
    "[surface.txt](surface.txt) has all signatures, one a line: a change of the API shows there, and a check compares it.",
  ].join("\n\n");
  return new Map([["README.md", `${index}\n`], ...doors.map((door) => [pageOf(door), renderDoor(door)] as const)]);
}

function pageOf({ name }: ApiDoor): string {
  return `${name.replace(/^millrace\//, "").replace("/", "-")}.md`;
}

function renderDoor({ name, about, groups }: ApiDoor): string {
  const anchor = anchors();
  anchor(name);
  const contents = groups.map(({ title, entries }) => {
    if (title) anchor(title);
    const links = entries.map((entry) => `[${entry.name}](#${anchor(entry.name)})`).join(" · ");
    return title ? `**${title}**: ${links}` : links;
  });
  const body = groups.flatMap(({ title, entries }) => [...(title ? [`## ${title}`] : []), ...entries.map(renderEntry)]);
  return `${[note, `# ${name}`, about, ...contents, ...body].join("\n\n")}\n`;
}

function renderEntry({ name, signature, text, members, from }: ApiEntry): string {
  const heading = `### ${name}`;
  if (from) return `${heading}\n\nOf the package \`${from}\`, whose documentation has it.`;
  const table = members.map((member) => `| ${cell(signatureCell(member))} | ${cell(member.text)} |`);
  const parts = [heading, `\`\`\`ts\n${signature}\n\`\`\``, text];
  if (table.length > 0) parts.push(["| member | what it is |", "| --- | --- |", ...table].join("\n"));
  return parts.join("\n\n");
}

function signatureCell({ signature }: ApiMember): string {
  return signature
    .split("\n")
    .map((line) => `\`${line}\``)
    .join("\n\n");
}

/** A text in a cell of a table: paragraphs stay as such. */
function cell(text: string): string {
  return text
    .replaceAll("|", "\\|")
    .replace(/```\w*/g, "")
    .trim()
    .replace(/\n\n+/g, "<br>")
    .replace(/\s*\n\s*/g, " ");
}

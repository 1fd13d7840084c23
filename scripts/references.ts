import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { anchors } from "./anchors.ts";

/**
 * What README.md, the other documents beside it and docs/ refer to and what is not there: relative links, headings
 * that a link names, and npm scripts. One line for each; empty when all resolve.
 */
export function brokenReferences(root: string): string[] {
  const scripts: Record<string, string> = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts;
  return documentsOf(root).flatMap((file) => {
    const text = readFileSync(file, "utf8");
    const broken = [
      ...links(text).filter((link) => !resolves(link, file)),
      ...npmScripts(text)
        .filter((name) => !Object.hasOwn(scripts, name))
        .map((name) => `npm run ${name}`),
    ];
    return broken.map((what) => `${relative(root, file)}: "${what}" leads nowhere`);
  });
}

function documentsOf(root: string): string[] {
  const docs = join(root, "docs");
  const pages = existsSync(docs) ? readdirSync(docs, { recursive: true, encoding: "utf8" }) : [];
  const found = pages.filter((name) => name.endsWith(".md")).map((name) => join(docs, name));
  const atRoot = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"].map((name) => join(root, name));
  return [...atRoot.filter((file) => existsSync(file)), ...found];
}

function links(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, (code) => code.replaceAll("(", " "));
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? "")
    .filter((link) => !/^[a-z][a-z+.-]*:/i.test(link));
}

function resolves(link: string, from: string): boolean {
  const [path = "", heading] = link.split("#");
  const file = path === "" ? from : join(dirname(from), decodeURIComponent(path));
  if (!existsSync(file)) return false;
  return !heading || !file.endsWith(".md") || headings(readFileSync(file, "utf8")).includes(heading);
}

/** The anchors of a document's headings; lines of code blocks are none. */
function headings(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, "");
  return [...prose.matchAll(/^#{1,6}\s+(.+)$/gm)].map((match) => match[1] ?? "").map(anchors());
}

function npmScripts(text: string): string[] {
  const run = [...text.matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)].map((match) => match[1] ?? "");
  return /\bnpm (test|t)\b/.test(text) ? [...run, "test"] : run;
}

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** A TypeScript block of a document. */
export interface Block {
  /** Where it stands: file and line. */
  readonly at: string;
  /** A name for a file of its own. */
  readonly file: string;
  readonly code: string;
}

/** What a block may use without making it itself; its document has made it in a block before. */
const given: Record<string, string> = { config: "Config", logger: "Logger", factory: "DataFactory", data: "DataFrame" };

/** Every TypeScript block of README.md and docs/. */
export function documentBlocks(root: string): Block[] {
  return blocksOf(root, "ts").map((block) => ({ ...block, code: withExamples(completed(block.code), root) }));
}

export function jsonBlocks(root: string): Block[] {
  return blocksOf(root, "json");
}

function blocksOf(root: string, language: string): Block[] {
  const docs = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  return ["README.md", ...docs.sort().map((name) => `docs/${name}`)].flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    const blocks = text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"));
    return [...blocks].map((match) => {
      const at = `${file}:${text.slice(0, match.index).split("\n").length + 1}`;
      return { at, file: `${at.replace(/\W/g, "_")}.ts`, code: match[1] ?? "" };
    });
  });
}

function completed(code: string): string {
  const missing = Object.entries(given).filter(
    ([name]) =>
      new RegExp(`(?<![\\w.])${name}\\b`).test(code) &&
      !new RegExp(`\\b(const|let|using)\\b[^=]*\\b${name}\\b`).test(code),
  );
  const declared = missing.map(([name, type]) => `declare const ${name}: import("millrace").${type};`);
  return `${declared.join(" ")}${code}\nexport {};\n`;
}

/** A file that a block imports from beside itself is the example of that name. */
function withExamples(code: string, root: string): string {
  const examples = readdirSync(join(root, "examples"), { recursive: true, encoding: "utf8" });
  return code.replace(/from "\.\/([\w-]+\.ts)"/g, (whole, name: string) => {
    const path = examples.find((example) => basename(example) === name);
    return path ? `from ${JSON.stringify(join(root, "examples", path))}` : whole;
  });
}

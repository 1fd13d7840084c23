import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A TypeScript block of a document. */
export interface Block {
  /** Where it stands: file and line. */
  readonly at: string;
  readonly code: string;
}

/** What a block may use without making it itself; its document has made it in a block before. */
const given: Record<string, string> = {
  config: 'import type { Config } from "millrace"; declare const config: Config;',
  logger: 'import type { Logger } from "millrace"; declare const logger: Logger;',
  factory: 'import type { DataFactory } from "millrace"; declare const factory: DataFactory;',
  data: 'import type { DataFrame } from "millrace"; declare const data: DataFrame;',
};

/** Every block of README.md and docs/. */
export function documentBlocks(root: string): Block[] {
  const docs = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  return ["README.md", ...docs.sort().map((name) => `docs/${name}`)].flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => ({
      at: `${file}:${text.slice(0, match.index).split("\n").length + 1}`,
      code: completed(match[1] ?? ""),
    }));
  });
}

function completed(code: string): string {
  const missing = Object.keys(given).filter(
    (name) =>
      new RegExp(`(?<![\\w.])${name}\\b`).test(code) &&
      !new RegExp(`\\b(const|let|class|function)[^=]*\\b${name}\\b`).test(code),
  );
  return `${missing.map((name) => given[name]).join(" ")}${code}\nexport {};\n`;
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { brokenReferences } from "../../scripts/references.ts";

const root = join(import.meta.dirname, "../..");

test("every dependency stands in docs/dependencies.md", () => {
  const page = readFileSync(join(root, "docs/dependencies.md"), "utf8");
  const about = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const names = Object.keys({ ...about.dependencies, ...about.peerDependencies, ...about.devDependencies });
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test("links, headings and npm scripts that the documents name are there", () => {
  expect(brokenReferences(root)).toEqual([]);
});

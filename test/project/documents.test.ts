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

test("each line of docs/dependencies.md names packages of package.json, and says why and how large", () => {
  const page = readFileSync(join(root, "docs/dependencies.md"), "utf8");
  const { dependencies, peerDependencies, devDependencies } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  const known = { ...dependencies, ...peerDependencies, ...devDependencies };
  const rows = [...page.matchAll(/^\| (`.+?) \| (.*?) \| (.*?) \|/gm)];
  expect(rows.length).toBeGreaterThan(20);
  for (const [row = "", names = "", why = "", size = ""] of rows) {
    const unknown = [...names.matchAll(/`([^`]+)`/g)].filter(([, name = ""]) => !Object.hasOwn(known, name));
    expect(unknown, row).toEqual([]);
    expect(why.length, row).toBeGreaterThan(4);
    expect(size, row).toMatch(/^[\d.]+ MB$/);
  }
});

test("links, headings and npm scripts that the documents name are there", () => {
  expect(brokenReferences(root)).toEqual([]);
});

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { apiFaults, writeApi } from "../../scripts/api/files.ts";
import { readApi } from "../../scripts/api/read.ts";

let root = "";

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "millrace-api-"));
  symlinkSync(join(import.meta.dirname, "../../node_modules"), join(root, "node_modules"));
  const compilerOptions = { module: "nodenext", target: "es2023", strict: true, types: [], noEmit: true };
  write("tsconfig.json", JSON.stringify({ compilerOptions: { ...compilerOptions, allowImportingTsExtensions: true } }));
  for (const door of ["testing", "service", "queue", "storages/own"]) write(`src/${door}/index.ts`, empty);
  write("src/index.ts", doorOf("number"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("the reference has signatures, docstrings, tags and inherited texts, by the groups of the door", () => {
  const [door] = readApi(root);
  expect(door).toMatchObject({ name: "millrace", about: "A whole package." });
  expect(door?.groups.map(({ title, entries }) => [title, entries.map(({ name }) => name)])).toEqual([
    ["Things that count", ["Counter", "ICounter", "count"]],
  ]);
  const [counter, , count] = door?.groups[0]?.entries ?? [];
  expect(counter?.members).toEqual([
    { name: "next", signature: "next(by?: number): number", text: "The next one.\n\nThrows RangeError when by is 0." },
  ]);
  expect(count).toMatchObject({ signature: "function count(of: string[]): number", text: "How many." });
});

test("what is written passes; a docstring that goes, and a signature that changes, are faults", () => {
  writeApi(root);
  expect(apiFaults(root)).toEqual([]);
  write("src/things.ts", things("bigint").replace("/** How many. */", ""));
  expect(apiFaults(root)).toEqual([
    "millrace: count has no docstring.",
    expect.stringContaining("docs/api/millrace.md is not what the sources say"),
    expect.stringContaining("docs/api/surface.txt is not what the sources say"),
  ]);
});

const empty = "/**\n * Nothing.\n *\n * @module\n */\nexport {};\n";

function doorOf(type: string): string {
  write("src/things.ts", things(type));
  return `/**
 * A whole package.
 *
 * @module
 */
// Things that count
export { Counter, count, type ICounter } from "./things.ts";
`;
}

function things(type: string): string {
  return `
/** Counts. */
export interface ICounter {
  /**
   * The next one.
   *
   * @throws RangeError when by is 0.
   */
  next(by?: number): number;
}
/** A counter. */
export class Counter implements ICounter {
  #at = 0;
  private hidden = 1;
  next(by = 1): number {
    return (this.#at += by * this.hidden);
  }
}
/** How many. */
export function count(of: string[]): ${type} {
  return ${type === "bigint" ? "BigInt(of.length)" : "of.length"};
}
`;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

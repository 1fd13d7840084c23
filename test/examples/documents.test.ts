import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { documentBlocks, jsonBlocks } from "./blocks.ts";
import { unknownCommands } from "./commands.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const blocks = documentBlocks(root);
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-documents-"));
  mkdirSync(join(folder, "node_modules"));
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (name !== "millrace") symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
  }
  symlinkSync(root, join(folder, "node_modules/millrace"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const compilerOptions = {
    rootDir: "/",
    rewriteRelativeImportExtensions: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
  };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions, include: ["*.ts"] }),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("every TypeScript block of README and docs type-checks", () => {
  expect(blocks.length).toBeGreaterThan(4);
  for (const { file, code } of blocks) writeFileSync(join(folder, file), code);
  const checked = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder], {
    encoding: "utf8",
  });
  expect(checked.stdout + checked.stderr).toBe("");
});

test("every call of the millrace command that README and docs name is one that it has, with its options", () => {
  expect(unknownCommands(root)).toEqual([]);
});

test("every JSON block of docs is JSON", () => {
  for (const { at, code } of jsonBlocks(root)) expect(() => JSON.parse(code), at).not.toThrow();
});

describe("every TypeScript block of README and docs runs", () => {
  let results: Record<string, string | null> = {};
  beforeAll(() => {
    writeFileSync(join(folder, "blocks.json"), JSON.stringify(blocks));
    const child = spawnSync(process.execPath, [join(import.meta.dirname, "blocks-child.ts"), folder], {
      encoding: "utf8",
    });
    if (child.status !== 0) throw new Error(`${child.stdout}${child.stderr}`);
    results = JSON.parse(readFileSync(join(folder, "results.json"), "utf8"));
  });

  /** What a block needs beside it stands in block-places.ts. */
  test.each(blocks.map(({ at }) => at))("%s", (at) => {
    expect(results[at]).toBeNull();
  });
});

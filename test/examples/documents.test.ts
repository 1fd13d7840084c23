import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { documentBlocks } from "./blocks.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const blocks = documentBlocks(root);
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-documents-"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
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
  for (const { at, code } of blocks) writeFileSync(join(folder, `${at.replace(/\W/g, "_")}.ts`), code);
  const checked = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder], {
    encoding: "utf8",
  });
  expect(checked.stdout + checked.stderr).toBe("");
});

/** `npm run check`: everything that can be said of the project without running it. All steps run, then the result. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { apiFaults } from "./api/files.ts";
import { brokenReferences } from "./references.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const steps: Record<string, () => boolean> = {
  types: tool("typescript/bin/tsc", "-p", "tsconfig.json"),
  lint: tool("@biomejs/biome/bin/biome", "check"),
  build: run("scripts/bootstrap.mjs", "build"),
  "package (publint)": tool("publint/src/cli.js", "--strict"),
  "package (attw)": tool(
    "@arethetypeswrong/cli/dist/index.js",
    "--pack",
    ".",
    "--profile",
    "esm-only",
    "--format",
    "ascii",
  ),
  "unused (knip)": tool("knip/bin/knip.js"),
  "documents (links and scripts)": () => allHold(brokenReferences(root)),
  "API (docstrings, reference, surface)": () => allHold(apiFaults(root)),
  "speed (bench:quick)": run("bench/run.ts", "quick"),
};

const failed: string[] = [];
for (const [name, step] of Object.entries(steps)) {
  const started = Date.now();
  const passed = step();
  if (!passed) failed.push(name);
  console.log(`${passed ? "passed" : "FAILED"}  ${name}  (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}
const passed = Object.keys(steps).length - failed.length;
console.log(`Checks: ${passed} passed, ${failed.length} failed${failed.length > 0 ? `: ${failed.join(", ")}` : ""}`);
if (process.env.MILLRACE_COUNTS) {
  writeFileSync(join(process.env.MILLRACE_COUNTS, "checks.json"), JSON.stringify({ passed, failed: failed.length }));
}
process.exitCode = failed.length > 0 ? 1 : 0;

function tool(path: string, ...args: string[]): () => boolean {
  return run(join("node_modules", path), ...args);
}

/** A step that is silent when it passes. */
function run(script: string, ...args: string[]): () => boolean {
  return () => {
    const result = spawnSync(process.execPath, [join(root, script), ...args], { cwd: root, encoding: "utf8" });
    if (result.status !== 0) console.log(`${result.stdout}${result.stderr}${result.error?.message ?? ""}`);
    return result.status === 0;
  };
}

function allHold(faults: readonly string[]): boolean {
  for (const line of faults) console.log(line);
  return faults.length === 0;
}

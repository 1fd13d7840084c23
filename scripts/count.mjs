/**
 * `node scripts/count.mjs <folder> tests=<exit code> checks=<exit code>`: adds up what the two runs of `.ci/run` left in
 * that folder. A run that ended badly without a failure of its own counts as one, so the exit code and the line agree.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [folder, ...runs] = process.argv.slice(2);
let passed = 0;
let failed = 0;
for (const run of runs) {
  const [name, code] = run.split("=");
  const counted = count(name);
  if (code !== "0" && counted.failed === 0) counted.failed = 1;
  console.log(`${name}: ${counted.passed} passed, ${counted.failed} failed${skipped(counted)} (exit code ${code})`);
  passed += counted.passed;
  failed += counted.failed;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

/** A test file that could not be loaded holds no test that failed: it counts as one. */
function count(name) {
  try {
    const result = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
    if (!result.testResults) return result;
    const broken = result.testResults.filter((file) => file.status === "failed" && !hasFailed(file)).length;
    const left = result.numPendingTests + (result.numTodoTests ?? 0);
    return { passed: result.numPassedTests, failed: result.numFailedTests + broken, skipped: left };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

function hasFailed(file) {
  return file.assertionResults.some((test) => test.status === "failed");
}

function skipped(counted) {
  return counted.skipped ? `, ${counted.skipped} skipped` : "";
}

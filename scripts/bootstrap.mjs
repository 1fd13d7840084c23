/**
 * Every npm script starts here: `node scripts/bootstrap.mjs <task> [arguments]`. Plain JavaScript for Node 18
 * and newer, without dependencies. It finds or fetches Node 24, installs the packages and builds dist/ where
 * these are missing or stale, and runs the task under Node 24.
 */
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { environmentFor, findNode, runInPlace, SetupError } from "../bin/node-24.mjs";
import { build, isBuilt } from "./build.mjs";
import { install, isInstalled } from "./install.mjs";
import { withSetupLock } from "./setup-lock.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const vitest = ["node_modules/vitest/vitest.mjs", "run"];
const biome = ["node_modules/@biomejs/biome/bin/biome"];

/** What each task runs under Node 24, in the root of the checkout unless `here` keeps the caller's folder. */
const tasks = {
  demo: { needsDist: true, run: ["examples/demo.ts"] },
  test: { needsDist: true, run: vitest },
  matrix: { run: [...vitest, "--mode", "matrix"] },
  "test:long": { needsDist: true, run: [...vitest, "--mode", "long"] },
  build: { rebuild: true },
  ready: { needsDist: true },
  types: { run: ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"] },
  lint: { run: [...biome, "check"] },
  "lint:fix": { run: [...biome, "check", "--write"] },
  format: { run: [...biome, "format"] },
  "format:fix": { run: [...biome, "format", "--write"] },
  check: { needsDist: true, run: ["scripts/check.ts"] },
  bench: { needsDist: true, run: ["bench/run.ts"] },
  "bench:quick": { needsDist: true, run: ["bench/run.ts", "quick"] },
  docs: { run: ["scripts/write-docs.ts"] },
  release: { needsDist: true, run: ["scripts/release.ts"] },
  screenshots: { run: ["scripts/screenshots.ts"] },
  millrace: { needsDist: true, here: true, run: ["bin/millrace.mjs"] },
};

const say = (line) => process.stderr.write(`${line}\n`);

async function main([name, ...rest]) {
  const task = Object.hasOwn(tasks, name ?? "") ? tasks[name] : undefined;
  if (!task) throw new SetupError(`There is no task "${name ?? ""}". Tasks: ${Object.keys(tasks).join(", ")}.`);
  const node = findNode(say);
  await prepare(task, node);
  if (!task.run) return 0;
  const [script, ...args] = task.run;
  return runInPlace(node, [join(root, script), ...args, ...rest], {
    cwd: task.here ? process.env.INIT_CWD || process.cwd() : root,
    env: environment(node),
  });
}

async function prepare(task, node) {
  const isReady = () => isInstalled(root) && !task.rebuild && (!task.needsDist || isBuilt(root));
  if (isReady()) return;
  await withSetupLock(
    root,
    async () => {
      if (!isInstalled(root)) await install(root, node, say);
      if (task.rebuild || (task.needsDist && !isBuilt(root))) await build(root, node);
    },
    say,
  );
}

/** Node 24 comes first on the PATH of a task, and the tools of node_modules follow it. */
function environment(node) {
  const env = environmentFor(node);
  return { ...env, PATH: [dirname(node), join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter) };
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    say(error instanceof SetupError ? error.message : error.stack);
    process.exitCode = 1;
  },
);

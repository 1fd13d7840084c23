import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Where `.ci/run` finds the number of tests afterwards. */
const countsFolder = process.env.MILLRACE_COUNTS;

/** Which tests a mode runs: `vitest run --mode long` those that take minutes, `--mode matrix` the one that writes docs/fidelity.md. */
const included: Readonly<Record<string, string>> = {
  long: "test/**/*.long.ts",
  matrix: "test/fidelity/matrix.test.ts",
};

export default defineConfig(({ mode }) => ({
  resolve: {
    alias: [
      { find: /^millrace$/, replacement: source("./src/index.ts") },
      { find: /^millrace\/testing$/, replacement: source("./src/testing/index.ts") },
      { find: /^millrace\/queue$/, replacement: source("./src/queue/index.ts") },
      { find: /^millrace\/storages\/(\w+)$/, replacement: `${source("./src/storages/")}$1/index.ts` },
    ],
  },
  test: {
    include: [included[mode] ?? "test/**/*.test.ts"],
    ...(countsFolder && { reporters: ["default", ["json", { outputFile: `${countsFolder}/tests.json` }]] }),
    pool: "forks",
    maxWorkers: 2,
    // Real backends: a first ArcticDB call installs its Python environment.
    testTimeout: mode === "long" ? 1_800_000 : 120_000,
    hookTimeout: 300_000,
    teardownTimeout: 30_000,
  },
}));

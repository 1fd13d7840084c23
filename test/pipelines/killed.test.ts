import { test } from "vitest";
import { killRuns } from "./killing.ts";

test("runs that are killed with -9 at random and gone on with leave in csv what undisturbed ones do", async () => {
  await killRuns("csv", 6);
});

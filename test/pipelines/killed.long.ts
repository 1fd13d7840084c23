import { test } from "vitest";
import { killRuns } from "./killing.ts";

test.each(["csv", "postgres", "arctic"])(
  "200 runs that are killed with -9 at random and gone on with leave in %s what undisturbed ones do",
  (type) => killRuns(type, 200),
);

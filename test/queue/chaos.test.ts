import { test } from "vitest";
import { harmRun } from "./chaos.ts";

test("every source is saved once, though workers are killed, one sleeps past its lease and the server starts anew", async () => {
  await harmRun({ sources: 30, kills: 2, restarts: 1, leaseMs: 2_000 });
});

import { expect, test } from "vitest";
import { harmRun } from "./chaos.ts";

test("twenty rounds of 300 sources save each once, whatever is killed", async () => {
  let rounds = 0;
  for (; rounds < 20; rounds++) await harmRun({ sources: 300, kills: 6, restarts: 4, leaseMs: 2_000 });
  expect(rounds).toBe(20);
});

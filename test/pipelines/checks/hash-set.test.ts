import { expect, test } from "vitest";
import { HashSet } from "../../../src/pipelines/checks/hash-set.ts";

test("a set of hashes knows each that was added, also the one of zeros, and no other", () => {
  const set = new HashSet();
  const known = new Set<string>();
  let state = 12345;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
  expect([set.add(0, 0), set.add(0, 0)]).toEqual([false, true]);
  for (let count = 0; count < 60_000; count++) {
    const [low, high] = [next() % 300, next()];
    const key = `${low} ${high}`;
    if (set.add(low, high) !== known.has(key)) throw new Error(`${key} is ${known.has(key) ? "forgotten" : "made up"}`);
    known.add(key);
  }
  expect(known.size).toBeGreaterThan(50_000);
});

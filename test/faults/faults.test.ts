import { describe, expect, test } from "vitest";
import { faults } from "./table.ts";

describe.each(faults)("$words", ({ bring, sample }) => {
  test.each(sample.storages)("is told as what it is, and leaves the frames of %s whole", async (type) => {
    expect((await bring(type, sample.tries)).failures).toEqual([]);
  });
});

import { describe, expect, test } from "vitest";
import { killSavesOf, storageTypes } from "./kills.ts";

describe("a process that is killed while it saves", () => {
  test.each(storageTypes)("leaves the old frame or the new one, and nothing else, in %s", async (type) => {
    const report = await killSavesOf(type, 5, { saves: ["backup"], rows: 200 });
    expect(report).toMatchObject({ kills: 5, old: expect.any(Number) });
    expect(report.old + report.new).toBe(5);
  });
});

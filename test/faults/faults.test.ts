import { describe, expect, test } from "vitest";
import { type Faulted, fileSizeLimit, fullDisk, openFilesLimit, readOnlyDisk, writersAndReaders } from "./faults.ts";
import { killSavesOf, type StorageType, storageTypes } from "./kills.ts";

const faults: Record<string, (type: StorageType) => Promise<Faulted>> = {
  "two writers at once, with a reader,": (type) => writersAndReaders(type, 4),
  "a limit of the size of files": (type) => fileSizeLimit(type, 1),
  "a limit of open files": (type) => openFilesLimit(type, 1),
};

describe.each(storageTypes)("%s", (type) => {
  test.each(Object.entries(faults))("keeps its frames whole under %s", async (_, fault) => {
    expect((await fault(type)).failures).toEqual([]);
  });

  test("stands at the old frame when a save is aborted, at any of its steps", async () => {
    const report = await killSavesOf(type, 2, { by: "abort", saves: ["replace"] });
    expect(report.old + report.new).toBe(2);
  });
});

test.each(["csv", "temp"] as const)(
  "%s keeps its frames whole on a full disk, and on one that became read-only",
  async (type) => {
    expect((await fullDisk(type, 1)).failures).toEqual([]);
    expect((await readOnlyDisk(type)).failures).toEqual([]);
  },
);

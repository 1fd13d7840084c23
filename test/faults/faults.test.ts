import { describe, expect, test } from "vitest";
import { type Faulted, fileSizeLimit, fullDisk, openFilesLimit, readOnlyDisk, writersAndReaders } from "./faults.ts";
import { killSavesOf, type StorageType, storageTypes } from "./kills.ts";

describe.each(storageTypes)("%s", (type) => {
  test("shows whole frames to a reader while two processes write them, and keeps the last of one of them", async () => {
    expect((await writersAndReaders(type, 4)).failures).toEqual([]);
  });

  test("stands at the old frame when a save is aborted, at any of its steps", async () => {
    const report = await killSavesOf(type, 2, { by: "abort", saves: ["replace"], rows: 200 });
    expect(report.old + report.new).toBe(2);
  });
});

const limits: [words: string, fault: (type: StorageType) => Promise<Faulted>][] = [
  ["a limit of the size of files", (type) => fileSizeLimit(type, 1)],
  ["a limit of open files", (type) => openFilesLimit(type, 1)],
  ["a full disk", (type) => fullDisk(type, 1)],
  ["a disk that became read-only", readOnlyDisk],
];

test.each(limits)("csv keeps its frames whole, and says what it is, under %s", async (_, fault) => {
  expect((await fault("csv")).failures).toEqual([]);
});

test("postgres says what it is when it has no more files to open", async () => {
  expect((await openFilesLimit("postgres", 1)).failures).toEqual([]);
});

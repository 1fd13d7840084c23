import { describe, expect, test } from "vitest";
import { type Faulted, fileSizeLimit, fullDisk, openFilesLimit, readOnlyDisk, writersAndReaders } from "./faults.ts";
import { killSavesOf, type StorageType, storageTypes } from "./kills.ts";
import { record } from "./report.ts";

const share = Number(process.env.MILLRACE_FAULTS ?? 1);
const many = (tries: number) => Math.ceil(tries * share);

const stopped = (by: "abort" | "SIGTERM", tries: number) => async (type: StorageType) =>
  killSavesOf(type, tries, { by }).then(
    (report): Faulted => ({
      tries,
      failures: [],
      found: `${report.old} times the old frame, ${report.new} the new one`,
    }),
    (cause: unknown): Faulted => ({ tries, failures: String(cause).split("\n").slice(1), found: "see the log" }),
  );

const faults: Record<string, (type: StorageType) => Promise<Faulted>> = {
  "two writers and a reader": (type) => writersAndReaders(type, many(300)),
  "limit of the size of files": (type) => fileSizeLimit(type, many(20)),
  "limit of open files": (type) => openFilesLimit(type, many(20)),
  "full disk": (type) => fullDisk(type, many(20)),
  "disk that became read-only": readOnlyDisk,
  "abort of a save": stopped("abort", many(100)),
  "SIGTERM during a save": stopped("SIGTERM", many(100)),
};

describe.each(storageTypes)("%s", (storage) => {
  test.each(Object.entries(faults))("keeps its frames whole: %s", async (fault, bring) => {
    const { tries, failures, found } = await bring(storage);
    if (failures.length > 0) console.error(`${fault}, ${storage}:\n${failures.slice(0, 20).join("\n")}`);
    await record({ fault, storage, tries, failures: failures.length, found });
    expect(failures).toEqual([]);
  });
});

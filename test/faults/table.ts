import { clockJumpingBack, outOfMemory, permissionDenied, slowDisk } from "./conditions.ts";
import { fileSizeLimit, fullDisk, openFilesLimit, readOnlyDisk, writersAndReaders } from "./faults.ts";
import { killSavesOf, type StorageType, storageTypes } from "./kills.ts";
import { halfOpen, networkCut, type RemoteType } from "./network.ts";
import type { Faulted } from "./saving.ts";

/** What is done to storages. */
export interface Fault {
  readonly words: string;
  /** Those that it can befall. */
  readonly storages: readonly StorageType[];
  /** How often in a long run, and in `npm test`, where only some storages are taken. */
  readonly tries: number;
  readonly sample: { readonly tries: number; readonly storages: readonly StorageType[] };
  bring(type: StorageType, tries: number): Promise<Faulted>;
}

const remote = ["postgres", "arctic"] as const;
const all = storageTypes;
const once = (...storages: StorageType[]) => ({ tries: 1, storages });

const stopped = (by: "abort" | "SIGTERM") => async (type: StorageType, tries: number) =>
  killSavesOf(type, tries, { by, rows: 200, ...(tries < 8 && { saves: ["replace"] }) }).then(
    (report): Faulted => ({
      tries,
      failures: [],
      found: `${report.old} times the old frame, ${report.new} the new one`,
    }),
    (cause: unknown): Faulted => ({ tries, failures: String(cause).split("\n").slice(1), found: "see the log" }),
  );

const onlyRemote =
  (bring: (type: RemoteType, tries: number) => Promise<Faulted>) => (type: StorageType, tries: number) =>
    bring(type as RemoteType, tries);

export const faults: readonly Fault[] = [
  {
    words: "two writers and readers",
    storages: all,
    tries: 150,
    sample: { tries: 4, storages: all },
    bring: writersAndReaders,
  },
  { words: "limit of the size of files", storages: all, tries: 10, sample: once("csv"), bring: fileSizeLimit },
  { words: "limit of open files", storages: all, tries: 10, sample: once("csv", "postgres"), bring: openFilesLimit },
  { words: "full disk", storages: all, tries: 6, sample: once("csv", "arctic"), bring: fullDisk },
  { words: "disk that became read-only", storages: all, tries: 3, sample: once("csv", "arctic"), bring: readOnlyDisk },
  { words: "slow disk", storages: all, tries: 10, sample: { tries: 2, storages: ["csv", "arctic"] }, bring: slowDisk },
  { words: "permission denied", storages: all, tries: 3, sample: once(...all), bring: permissionDenied },
  { words: "clock jumping back", storages: all, tries: 2, sample: once("csv", "arctic"), bring: clockJumpingBack },
  { words: "no memory in the worker", storages: ["arctic"], tries: 6, sample: once("arctic"), bring: outOfMemory },
  {
    words: "network cut",
    storages: remote,
    tries: 20,
    sample: once(...remote),
    bring: onlyRemote(networkCut),
  },
  { words: "half-open connection", storages: remote, tries: 4, sample: once(...remote), bring: onlyRemote(halfOpen) },
  { words: "abort of a save", storages: all, tries: 40, sample: { tries: 2, storages: all }, bring: stopped("abort") },
  {
    words: "SIGTERM during a save",
    storages: all,
    tries: 40,
    sample: once("csv", "arctic"),
    bring: stopped("SIGTERM"),
  },
];

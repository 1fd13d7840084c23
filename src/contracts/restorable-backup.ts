import type { IDataBackup } from "./data-backup.ts";
import type { FrameSchema } from "./frame-schema.ts";

/** One file of a backup. */
export interface BackupFile {
  /** Its name within the backup. */
  name: string;
  /** Its size as kept. */
  bytes: number;
  /** Hex SHA-256 of the file's bytes. */
  sha256: string;
  /** Its bytes without the packing, of a file that was packed with zstd for the backup. */
  unpacked?: number;
}

/** What a backup says of itself, as kept in its manifest. */
export interface BackupRecord {
  /** What `verifyBackup` and `restoreData` take. */
  location: string;
  /** Type of the storage that made it. */
  storage: string;
  /** The frame's name. */
  source: string;
  /** Grows by one with every backup of that name; orders them even when a clock was set back. */
  sequence: number;
  /** When it was made. */
  created: Date;
  /** Who made it: service, host and process. */
  by: string;
  /** Rows of the frame. */
  rows: number;
  /** The frame's columns. */
  schema: FrameSchema;
  /** The time column that was saved with the frame. */
  timeColumn?: string;
  /** The key that was saved with the frame. */
  key?: string[];
  /** What it is made of. */
  files: BackupFile[];
  /** Sum of the files' sizes. */
  bytes: number;
  /** What the frame held when it was backed up, as a hash that a proof compares with. */
  content?: string;
  /** When a restore of it was last compared with it and found equal. */
  proven?: Date;
}

/** Which backups to keep, by name. A backup that one rule keeps is kept; the only proven one of a name always is. */
export interface RetentionPolicy {
  /** Keep the newest so many. */
  keepLast?: number;
  /** Keep those younger than this many milliseconds. */
  maxAge?: number;
  /** Keep the newest of each of the last so many days (in UTC) that have one. */
  keepDaily?: number;
  /** As `keepDaily`, by weeks, which begin on Monday. */
  keepWeekly?: number;
  /** As `keepDaily`, by calendar months. */
  keepMonthly?: number;
  /** Of what the other rules keep (of all, when there is no other), the newest whose sizes sum up to no more; always the newest one. */
  maxBytes?: number;
  /** Removes nothing, and resolves with what would be removed. */
  dryRun?: boolean;
}

/** Backups that can be listed, checked and brought back. All built-in ones can. */
export interface IRestorableBackup extends IDataBackup {
  /** Newest first; of all names when `source` is left out. A torn backup is never listed. */
  listBackups(source?: string): Promise<BackupRecord[]>;

  /** Re-reads every byte and compares size and SHA-256 with the manifest. */
  verifyBackup(location: string): Promise<boolean>;

  /**
   * Restores it into a scratch place of the same storage and compares schema, row count and content with what the manifest says.
   * When they are equal the proof is kept in the manifest. The scratch place is removed.
   */
  proveBackup(location: string): Promise<boolean>;

  /**
   * Brings the frame back under its own name or `destination`; backs up first what stands there. A backup of another storage is
   * saved here as a frame, under a name that has to be said.
   */
  restoreData(location: string, destination?: string): Promise<boolean>;

  /** Removes what the policy does not keep, and resolves with what was removed. */
  pruneBackups(policy: RetentionPolicy): Promise<BackupRecord[]>;
}

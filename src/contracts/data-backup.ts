/** Makes copies of frames that stay when the original changes. */
export interface IDataBackup {
  /**
   * `[true, location]` once the backup is complete and verified; `[false, null]` when nothing has
   * that name. Rejects when the backup failed.
   */
  backupData(source: string): Promise<[ok: boolean, location: string | null]>;

  /** Backs up every frame. Tries all, then rejects if some failed, naming them and those done. */
  backupAll(): Promise<[source: string, location: string][]>;

  /** True when backups can be made now. Never throws, installs nothing, answers within 5 s. */
  healthCheck(): Promise<boolean>;
}

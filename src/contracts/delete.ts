/** A storage that can remove a frame. */
export interface IDelete {
  /** Removes the frame; `false` when there was nothing under that name. Backups stay. */
  deleteData(name: string): Promise<boolean>;
}

/** A source or saver that can say which place it speaks to. All built-in ones can. */
export interface IIdentified {
  /**
   * Storage type and place, such as `csv:/home/ann/data`. Equal for all that speak to the same place,
   * known without I/O, and free of passwords.
   */
  readonly storageId: string;
}

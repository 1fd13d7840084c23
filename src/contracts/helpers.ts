/** A process that a storage started for the whole project, and that can outlive the program which started it. */
export interface HelperStatus {
  /** What it is, in words: `embedded PostgreSQL`, `ArcticDB worker`. */
  readonly name: string;
  /** Its process id on this machine. */
  readonly pid: number;
  /** When it was started, where that is known. */
  readonly started?: Date;
  /** How many programs use it now, where that is known. */
  readonly users?: number;
  /** Its folder or address, without a password. */
  readonly where?: string;
}

/** A storage with helper processes. `millrace ps` and `millrace stop` ask it. */
export interface IHelpers {
  /** The helpers of this project that run now. Starts and installs nothing; answers within 5 s. */
  helpers(): Promise<HelperStatus[]>;

  /**
   * Ends them, and resolves with those that are gone, once they are. A helper that is in use is left alone
   * unless `force` is given.
   */
  stopHelpers(options?: { force?: boolean }): Promise<HelperStatus[]>;
}

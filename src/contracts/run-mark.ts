/**
 * Which piece of work of a pipeline's run a save belongs to. The storage keeps it with the data, in the same step in which the
 * data becomes visible, so that a save whose acknowledgement was lost is recognised later.
 */
export interface RunMark {
  /** The run's id. */
  readonly id: string;
  /** The piece of work within the run, such as `copy/prices`. It stays the same when the piece is tried again. */
  readonly part: string;
  /** The piece was begun before, at this moment (ISO text): it may have been saved already. */
  readonly since?: string | undefined;
  /** How far a reader has come with these rows; it moves together with them. */
  readonly cursor?: { readonly reader: string; readonly value: string } | undefined;
  /** Of a try that another process may take over meanwhile. */
  readonly fence?: SaveFence | undefined;
}

/**
 * Whether a try may still save. Once another process has taken it over, it may not, however long it was asleep. While it saves
 * nobody takes it over.
 */
export interface SaveFence {
  /** `host:port/database` in which `sql` can be run. */
  readonly database: string;
  /** A statement for the begin of a saving transaction: it fails unless the try still counts, and holds that until the end. */
  readonly sql: string;
  /** Kept with what is saved: of two tries at one job, the later one has the greater number. */
  readonly token: { readonly job: string; readonly attempt: number };
  /**
   * The same around work that has no such transaction; `stillHeld` looks again, right before what was made ready becomes visible.
   *
   * @throws ConflictError LEASE_LOST
   */
  hold<T>(work: (stillHeld: () => Promise<void>) => Promise<T>): Promise<T>;
}

/** What a storage keeps of the runs that saved under a name. */
export interface KeptMarks {
  /** The saves of pipelines, oldest first; the newest hundred. */
  readonly parts: readonly { readonly id: string; readonly part: string; readonly at: string }[];
  /** The last cursor of each reader. */
  readonly cursors: ReadonlyMap<string, string>;
  /** Another program has written the frame since, so that nothing is known. */
  readonly changed: boolean;
}

/** A saver that keeps marks: it takes the save option `run`, and does not repeat an append whose mark it has. */
export interface IKeepsMarks {
  /** The marks kept with that name; `null` when nothing stands there. */
  keptMarks(destination: string): Promise<KeptMarks | null>;
}

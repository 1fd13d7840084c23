/**
 * Which piece of work of a pipeline's run a save belongs to. The storage keeps it with the data, in the same step in which the
 * data becomes visible, so that a save whose acknowledgement was lost is recognised later.
 */
export interface RunMark {
  /** The run's id. */
  readonly id: string;
  /** The piece of work within the run, such as `copy/prices`. It stays the same when the piece is tried again. */
  readonly part: string;
  /** How far a reader has come with these rows; it moves together with them. */
  readonly cursor?: { readonly reader: string; readonly value: string };
}

/** What a storage keeps of the runs that saved under a name. */
export interface KeptMarks {
  /** The saves of pipelines, oldest first. Of old ones only the newest hundred stay. */
  readonly parts: readonly KeptPart[];
  /** The last cursor of each reader. */
  readonly cursors: Readonly<Record<string, string>>;
}

/** A save of a run. */
export interface KeptPart {
  readonly id: string;
  readonly part: string;
  /** When it was saved, as ISO text. */
  readonly at: string;
}

/** A saver that keeps marks: it takes the save option `run`, and an append with a mark that is kept already saves nothing. */
export interface IKeepsMarks {
  /** The marks kept with that name. `null` when nothing stands there, or another program has written it since. */
  keptMarks(destination: string): Promise<KeptMarks | null>;
}

/** One thing that `millrace doctor` looked at. */
export interface Diagnosis {
  /** What was looked at, in a word or two: `Python`, `PostgreSQL`. */
  readonly name: string;
  /** Whether it is well, worth a look, or keeps the storage from working. */
  readonly status: "ok" | "warn" | "fail";
  /** What was found, in one sentence, without a password. */
  readonly found: string;
  /** What to do about it; given with `warn` and `fail`. */
  readonly remedy?: string;
}

/** A storage that can say what it needs from the machine and whether that is there. `millrace doctor` asks it. */
export interface IDiagnose {
  /** Never throws, starts and installs nothing, answers within 5 s. */
  diagnose(): Promise<Diagnosis[]>;
}

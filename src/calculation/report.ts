/** What became of one source of a calculation. */
export interface CalculationReport {
  /** The name that was calculated. */
  readonly source: string;
  /** The name it was, or would have been, saved under. */
  readonly destination: string;
  /** Rows saved; 0 unless `status` is `saved`. */
  readonly rows: number;
  /** `skipped`: nothing was backed up or saved, and `reason` says why. */
  readonly status: "saved" | "skipped" | "failed";
  /** Why it was skipped; `null` otherwise. `unchanged`: the same version had made it of the same input. */
  readonly reason: "no rows" | "no result" | "unchanged" | null;
  /** Location of the backup of what stood at the destination; `null` when nothing stood there or no backup was made. */
  readonly backup: string | null;
  /** Why it failed; `null` unless `status` is `failed`. */
  readonly error: Error | null;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
}

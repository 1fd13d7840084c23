/** When a pipeline runs: at the times of a cron pattern on a zone's clock, or every so often. */
export type Schedule = CronSchedule | IntervalSchedule;

interface Caught {
  /**
   * What becomes of times that passed while nothing could run, as when the service was down: `once` runs the pipeline once for all of
   * them, `skip` waits for the next. Default: `once`.
   */
  readonly catchUp?: "once" | "skip" | undefined;
}

export interface CronSchedule extends Caught {
  /** Five fields: minute, hour, day of month, month, day of week. */
  readonly cron: string;
  /** An IANA time zone. Default: UTC. */
  readonly zone?: string | undefined;
  readonly every?: never;
}

export interface IntervalSchedule extends Caught {
  /** `30s`, `15m`, `6h`, `1d`, or milliseconds; counted from 1970 in UTC, so `15m` is at :00, :15, :30 and :45, and `1d` at midnight. */
  readonly every: number | string;
  readonly cron?: never;
  readonly zone?: never;
}

/** Remembers which times were run, so that none is run twice, also by schedulers of other processes. */
export interface ScheduleMemory {
  /** The last time that was claimed for the pipeline; null when none was. */
  lastScheduled(pipeline: string): Promise<Date | null>;
  /** Claims a time if the last one is still `previous`. False when another scheduler was quicker. One value for each pipeline is kept. */
  claimScheduled(pipeline: string, due: Date, previous: Date | null): Promise<boolean>;
}

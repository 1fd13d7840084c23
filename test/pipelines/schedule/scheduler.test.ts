import { expect, onTestFinished, test } from "vitest";
import type { Logger } from "../../../src/contracts/logger.ts";
import type { Schedule, ScheduleMemory } from "../../../src/contracts/schedule.ts";
import { ConflictError } from "../../../src/errors.ts";
import { type Scheduled, type SchedulerOptions, scheduler } from "../../../src/pipelines/schedule/scheduler.ts";
import { ManualClock, settled } from "./manual-clock.ts";

/** A pipeline that notes when it was run, and ends when it is told to. */
class Job implements Scheduled {
  readonly name = "job";
  readonly definition: { schedule: Schedule };
  readonly runs: string[] = [];
  readonly signals: AbortSignal[] = [];
  readonly ends: (() => void)[] = [];
  readonly clock: ManualClock;
  long = false;

  constructor(clock: ManualClock, schedule: Schedule) {
    this.clock = clock;
    this.definition = { schedule };
  }

  async run({ signal }: { signal: AbortSignal }): Promise<void> {
    this.runs.push(new Date(this.clock.now()).toISOString().slice(11, 19));
    this.signals.push(signal);
    if (this.long) await new Promise<void>((resolve) => this.ends.push(resolve));
  }
}

class Memory implements ScheduleMemory {
  last: Date | null;
  down = false;

  constructor(last: string | null = null) {
    this.last = last === null ? null : new Date(last);
  }

  async lastScheduled(): Promise<Date | null> {
    if (this.down) throw new Error("the ledger is down");
    return this.last;
  }

  async claimScheduled(_pipeline: string, due: Date, previous: Date | null): Promise<boolean> {
    if (this.down) throw new Error("the ledger is down");
    if (this.last?.getTime() !== previous?.getTime()) return false;
    this.last = due;
    return true;
  }
}

const every: Schedule = { every: "15m" };

function start(now: string, schedule: Schedule = every, more: Partial<SchedulerOptions> = {}) {
  const clock = new ManualClock(`2024-03-01T${now}Z`);
  const job = new Job(clock, schedule);
  const lines: string[] = [];
  const keep: Logger["info"] = (first: object | string, message?: string) => {
    lines.push(typeof first === "string" ? first : (message ?? ""));
  };
  const running = scheduler.start([job], {
    clock,
    logger: { debug: keep, info: keep, warn: keep, error: keep },
    ...more,
  });
  onTestFinished(() => running.stop({ abort: true }));
  return { clock, job, lines, running, passTo: (time: string) => clock.passTo(`2024-03-01T${time}Z`) };
}

test("a pipeline is run at each of its times, and the next ones are known", async () => {
  const { job, running, passTo } = start("10:07:00");
  expect(running.next()).toEqual([{ pipeline: "job", at: new Date("2024-03-01T10:15:00Z") }]);
  await passTo("10:46:00");
  expect(job.runs).toEqual(["10:15:00", "10:30:00", "10:45:00"]);
  await running.stop();
  await passTo("12:00:00");
  expect(job.runs).toHaveLength(3);
  expect(running.next()).toEqual([]);
});

test("times that were missed while the service was down are caught up once", async () => {
  const memory = new Memory("2024-03-01T06:00:00Z");
  const { job, lines, passTo } = start("10:07:00", every, { memory });
  await passTo("10:16:00");
  expect(job.runs).toEqual(["10:07:00", "10:15:00"]);
  expect(memory.last?.toISOString()).toBe("2024-03-01T10:15:00.000Z");
  expect(lines).toContain("job missed its time 2024-03-01T10:00:00.000Z and runs once now.");
});

test("times that were missed are skipped where the schedule says so", async () => {
  const { job, passTo } = start(
    "10:07:00",
    { ...every, catchUp: "skip" },
    { memory: new Memory("2024-03-01T06:00:00Z") },
  );
  await passTo("10:16:00");
  expect(job.runs).toEqual(["10:15:00"]);
});

test("a pipeline that was never run has missed nothing", async () => {
  const { job, passTo } = start("10:07:00", every, { memory: new Memory() });
  await passTo("10:14:59");
  expect(job.runs).toEqual([]);
});

test("a clock that jumps ahead is noticed within half a minute, and the jump counts as one missed time", async () => {
  const { job, clock, passTo } = start("10:01:00");
  await passTo("10:02:00");
  clock.jumpTo("2024-03-01T13:20:00Z");
  await passTo("13:21:00");
  expect(job.runs).toEqual(["13:20:30"]);
  await passTo("13:31:00");
  expect(job.runs).toEqual(["13:20:30", "13:30:00"]);
});

test("a clock that is set back runs no time twice", async () => {
  const { job, clock, passTo } = start("10:14:00");
  await passTo("10:16:00");
  clock.jumpTo("2024-03-01T10:05:00Z");
  await passTo("10:31:00");
  expect(job.runs).toEqual(["10:15:00", "10:30:00"]);
});

test("a time remembered from a clock that was years ahead stops nothing", async () => {
  const { job, lines, passTo } = start("10:14:00", every, { memory: new Memory("2040-01-01T00:00:00Z") });
  await passTo("10:16:00");
  expect(job.runs).toEqual(["10:15:00"]);
  expect(lines.join()).toContain("the clock was wrong then");
});

test("two schedulers that share a memory run each time once", async () => {
  const memory = new Memory();
  const clock = new ManualClock("2024-03-01T10:07:00Z");
  const jobs = [new Job(clock, every), new Job(clock, every)];
  const running = jobs.map((job) => scheduler.start([job], { clock, memory }));
  onTestFinished(async () => {
    for (const one of running) await one.stop();
  });
  await clock.passTo("2024-03-01T11:01:00Z");
  expect(jobs.flatMap(({ runs }) => runs).sort()).toEqual(["10:15:00", "10:30:00", "10:45:00", "11:00:00"]);
});

test("a memory that does not answer is asked again, and the time is not lost", async () => {
  const memory = new Memory();
  const { job, lines, passTo } = start("10:14:00", every, { memory });
  await passTo("10:14:30");
  memory.down = true;
  await passTo("10:15:10");
  expect(job.runs).toEqual([]);
  memory.down = false;
  await passTo("10:16:00");
  expect(job.runs).toEqual(["10:15:30"]);
  expect(lines.join()).toContain("can't be claimed");
});

test("runs that take longer than the interval do not pile up", async () => {
  const { job, lines, passTo } = start("10:14:00");
  job.long = true;
  await passTo("12:00:00");
  expect(job.runs).toEqual(["10:15:00", "10:30:00"]);
  expect(lines.filter((line) => line.includes("is left out"))).toHaveLength(6);
  job.long = false;
  for (const end of job.ends) end();
  await settled();
  await passTo("12:16:00");
  expect(job.runs).toHaveLength(3);
});

test("stop waits for the run under way, and aborts it when asked", async () => {
  const { job, running, passTo } = start("10:14:00");
  job.long = true;
  await passTo("10:15:00");
  let stopped = false;
  const stopping = running.stop().then(() => {
    stopped = true;
  });
  await settled();
  expect(stopped).toBe(false);
  expect(job.signals[0]?.aborted).toBe(false);
  void running.stop({ abort: true });
  expect(job.signals[0]?.aborted).toBe(true);
  for (const end of job.ends) end();
  await stopping;
});

test("a run that fails is told, and the next time is run", async () => {
  const { job, lines, passTo } = start("10:14:00");
  const run = job.run.bind(job);
  job.run = async (options) => {
    await run(options);
    throw new Error("no network");
  };
  await passTo("10:31:00");
  expect(job.runs).toHaveLength(2);
  expect(lines).toContain("The run of job for 2024-03-01T10:15:00.000Z failed: no network");
});

test("a run that was stopped with the scheduler, or left to another one, is told without alarm", async () => {
  const alarms: string[] = [];
  const said: string[] = [];
  const say: Logger["info"] = (first: object | string, message?: string) => {
    said.push(typeof first === "string" ? first : (message ?? ""));
  };
  const alarm = () => void alarms.push("alarm");
  const { job, running, passTo } = start("10:14:00", every, {
    logger: { debug: say, info: say, warn: say, error: alarm },
  });
  const run = job.run.bind(job);
  job.run = async (options) => {
    await run(options);
    if (job.runs.length === 1) throw new ConflictError("Run 1 of job is under way.", { code: "RUN_OVERLAP" });
    options.signal.throwIfAborted();
  };
  await passTo("10:15:00");
  job.long = true;
  await passTo("10:30:00");
  const stopping = running.stop({ abort: true });
  for (const end of job.ends) end();
  await stopping;
  expect(alarms).toEqual([]);
  expect(said).toEqual([
    "job is left out at 2024-03-01T10:15:00.000Z: Run 1 of job is under way.",
    "The run of job for 2024-03-01T10:30:00.000Z was left: in this process it was stopped, and can be gone on with; in a queue it goes on.",
  ]);
});

test("a scheduler without anything to do, or with a wrong schedule, is refused", () => {
  const clock = new ManualClock("2024-03-01T10:07:00Z");
  expect(() => scheduler.start([])).toThrow("No pipeline has a schedule.");
  const job = new Job(clock, every);
  expect(() => scheduler.start([job, job])).toThrow('Two pipelines are called "job".');
  expect(() => scheduler.start([new Job(clock, { cron: "x" })])).toThrow("The schedule is wrong");
});

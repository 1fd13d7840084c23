import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Calculator } from "../../src/calculation/calculator.ts";
import type { IDataSaver } from "../../src/contracts/data-saver.ts";
import type { Logger } from "../../src/contracts/logger.ts";
import { CorruptDataError, UnavailableError } from "../../src/errors.ts";
import type { DataFrame } from "../../src/frame/polars.ts";
import { definePipeline } from "../../src/pipelines/define.ts";
import { RunFailure } from "../../src/pipelines/run-failure.ts";
import { type Opened, openPlace, prices } from "./open.ts";

let place: Opened;
beforeAll(async () => {
  place = await openPlace();
});
afterAll(() => place[Symbol.asyncDispose]());
beforeEach(() => {
  place.events.length = 0;
  place.lines.length = 0;
});

const quick = { attempts: 3, delay: 1 };

class Same extends Calculator {
  calculate(rows: DataFrame) {
    return rows;
  }
}

/** Fails as often as told, then does as `Same`. */
function failing(times: number, cause: () => Error) {
  return class extends Same {
    left = times;
    override calculate(rows: DataFrame) {
      if (this.left-- > 0) throw cause();
      return rows;
    }
  };
}

async function failureOf(run: Promise<unknown>): Promise<RunFailure> {
  const failure = await run.then(
    () => null,
    (cause: unknown) => cause,
  );
  if (failure instanceof RunFailure) return failure;
  throw failure ?? new Error("It did not fail.");
}

describe("a run", () => {
  test("copies a frame to several storages, which it reads once", async () => {
    await place.save("csv", "wide/prices", prices("A", 10));
    let reads = 0;
    const csv = place.factory.createDataSource("csv");
    const counted = Object.assign(Object.create(csv) as typeof csv, {
      storageId: csv.storageId,
      listSources: () => csv.listSources(),
      getData: (name: string) => csv.getData(name),
      async *getBatches(name: string) {
        reads += 1;
        yield* csv.getBatches(name, { batchRows: 3 });
      },
    });
    const pipeline = definePipeline({
      name: "several",
      copy: { from: counted, sources: ["wide/prices"], to: ["temp:one", "csv:two", "temp:three"] },
    });
    const result = await pipeline.run(place.options);
    expect(reads).toBe(1);
    expect(result).toMatchObject({
      state: "done",
      rows: 30,
      steps: [{ name: "copy", sources: [{ source: "wide/prices", state: "done", attempts: 1 }] }],
    });
    for (const [type, name] of [
      ["temp", "one"],
      ["csv", "two"],
      ["temp", "three"],
    ] as const) {
      expect(await place.rows(type, name)).toEqual(await place.rows("csv", "wide/prices"));
    }
  });

  test("gives the next step what earlier steps of the same run saved, and not what else lies there", async () => {
    await place.save("temp", "elsewhere", prices("X", 1));
    await place.save("csv", "mine", prices("A", 2));
    const pipeline = definePipeline({
      name: "chain",
      steps: [{ copy: { from: "csv:mine", to: "temp" } }, { calculate: { calculator: Same, from: "temp", to: "csv" } }],
    });
    const { steps } = await pipeline.run(place.options);
    expect(steps.map(({ sources }) => sources.map(({ source }) => source))).toEqual([["mine"], ["mine"]]);
  });

  test("tells what happens in order", async () => {
    await place.save("csv", "told", prices("A", 2));
    await definePipeline({ name: "told", copy: { from: "csv:told", to: "temp" } }).run(place.options);
    expect(place.types().filter((type) => type !== "source-progress")).toEqual([
      "run-started",
      "step-started",
      "step-sources",
      "source-started",
      "source-ended",
      "step-ended",
      "run-ended",
    ]);
    expect(new Set(place.events.map(({ run }) => run)).size).toBe(1);
  });

  test("tries again what can pass, with the same save taken once, and stops at once where it can't", async () => {
    await place.save("csv", "flaky", prices("A", 2));
    const passing = failing(2, () => new UnavailableError("The server is away."));
    const flaky = definePipeline({
      name: "flaky",
      retries: quick,
      calculate: { calculator: passing, from: "csv:flaky", to: "temp", mode: "append" },
    });
    const { steps } = await flaky.run(place.options);
    expect(steps[0]?.sources[0]).toMatchObject({ attempts: 3, state: "done" });
    expect(place.types().filter((type) => type === "source-retrying")).toHaveLength(2);
    const lasting = failing(9, () => new CorruptDataError("The rows are damaged."));
    const broken = definePipeline({
      name: "broken",
      retries: quick,
      calculate: { calculator: lasting, from: "csv:flaky", to: "temp" },
    });
    const { result, message, cause } = await failureOf(broken.run(place.options));
    expect(result.steps[0]?.sources[0]).toMatchObject({
      attempts: 1,
      state: "failed",
      error: { code: "DATA_CORRUPT" },
    });
    expect(message).toBe('broken failed in step calculate of "flaky": The rows are damaged.');
    expect(cause).toBeInstanceOf(CorruptDataError);
  });

  test("goes on with the other sources of a step when one fails, and begins no further step", async () => {
    for (const name of ["s1", "s2", "s3"]) await place.save("csv", name, prices(name, 2));
    class Picky extends Same {
      override calculate(rows: DataFrame, source?: string) {
        if (source === "s2") throw new CorruptDataError("s2 is odd.");
        return rows;
      }
    }
    let later = false;
    const pipeline = definePipeline({
      name: "others",
      steps: [
        { calculate: { calculator: Picky, from: "csv", sources: ["s1", "s2", "s3"], to: "temp" } },
        () => {
          later = true;
        },
      ],
    });
    const { result } = await failureOf(pipeline.run(place.options));
    expect(result.steps[0]?.sources.map(({ source, state }) => [source, state])).toEqual([
      ["s1", "done"],
      ["s2", "failed"],
      ["s3", "done"],
    ]);
    expect(later).toBe(false);
    expect(result.rows).toBe(4);
  });

  test("is gone on with where it failed: what was done is not done again", async () => {
    for (const name of ["r1", "r2"]) await place.save("csv", name, prices(name, 2));
    const seen: string[] = [];
    let mended = false;
    class Counting extends Same {
      override calculate(rows: DataFrame, source?: string) {
        seen.push(source ?? "");
        if (source === "r2" && !mended) throw new CorruptDataError("Not yet.");
        return rows;
      }
    }
    const pipeline = definePipeline({
      name: "gone-on",
      concurrency: 1,
      steps: [
        { calculate: { calculator: Counting, from: "csv", sources: ["r1", "r2"], to: "temp" } },
        { name: "last", run: () => void seen.push("last") },
      ],
    });
    const { result } = await failureOf(pipeline.run(place.options));
    mended = true;
    const resumed = await pipeline.resume(result.id, place.options);
    expect(seen).toEqual(["r1", "r2", "r2", "last"]);
    expect(resumed).toMatchObject({ id: result.id, state: "done", resumed: 1, rows: 4 });
    await expect(pipeline.resume(result.id, place.options)).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
    await expect(pipeline.resume("nowhere", place.options)).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
  });

  test("ends when it is aborted, is stopped then, and can be gone on with", async () => {
    const abort = new AbortController();
    let stay = true;
    const pipeline = definePipeline({
      name: "aborted",
      steps: [
        async ({ signal }) => {
          if (!stay) return;
          abort.abort(new Error("Enough."));
          await sleep(60_000, undefined, { signal });
        },
      ],
    });
    await expect(pipeline.run({ ...place.options, signal: abort.signal })).rejects.toThrow("Enough.");
    const [run] = await pipeline.runs(place.options);
    expect(run?.state).toBe("stopped");
    stay = false;
    expect(await pipeline.resume(undefined, place.options)).toMatchObject({ id: run?.id, state: "done" });
  });

  test("fails when it, or one of its steps, takes longer than its deadline, though the work does not listen", async () => {
    const forever = () => new Promise<void>((resolve) => setTimeout(resolve, 5_000).unref());
    const step = definePipeline({ name: "late-step", steps: [{ name: "slow", run: forever, deadline: 20 }] });
    const run = definePipeline({ name: "late-run", deadline: 20, steps: [{ name: "slow", run: forever }] });
    expect((await failureOf(step.run(place.options))).message).toContain(
      "The step slow of late-step took longer than its deadline",
    );
    expect(await failureOf(run.run(place.options))).toMatchObject({
      code: "RUN_DEADLINE",
      result: { state: "failed" },
    });
  });

  test("of one pipeline happens once at a time: another one fails, waits, or is left out", async () => {
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const make = (onOverlap: "fail" | "wait" | "skip") =>
      definePipeline({
        name: "overlap",
        onOverlap,
        steps: [
          async () => {
            begun.resolve();
            await gate.promise;
          },
        ],
      });
    const first = make("fail").run(place.options);
    await begun.promise;
    await expect(make("fail").run(place.options)).rejects.toMatchObject({ code: "RUN_OVERLAP", retryable: true });
    expect(await make("skip").run(place.options)).toMatchObject({ state: "skipped", steps: [] });
    const waiting = make("wait").run(place.options);
    gate.resolve();
    expect((await first).id).not.toBe((await waiting).id);
    expect(await make("fail").runs(place.options)).toHaveLength(2);
  });

  test("runs other pipelines as steps, each with a run of its own that is gone on with as well", async () => {
    await place.save("csv", "inner", prices("A", 3));
    let broken = true;
    const inner = definePipeline({
      name: "inner",
      steps: [
        { copy: { from: "csv:inner", to: "temp:inner", mode: "append" } },
        () => {
          if (broken) throw new CorruptDataError("Broken.");
        },
      ],
    });
    const outer = definePipeline({ name: "outer", steps: [inner, () => {}] });
    const { result } = await failureOf(outer.run(place.options));
    const [run] = await inner.runs(place.options);
    expect(run?.parent).toBe(`${result.id}/inner`);
    broken = false;
    expect(await outer.resume(result.id, place.options)).toMatchObject({ state: "done", rows: 3 });
    expect(await place.rows("temp", "inner")).toHaveLength(3);
    expect((await inner.runs(place.options)).map(({ state, resumed }) => [state, resumed])).toEqual([["done", 1]]);
  });

  test("gives functions components that know the run, and items with states of their own", async () => {
    let broken = true;
    const done: string[] = [];
    const pipeline = definePipeline({
      name: "items",
      steps: [
        async function load({ each, saver, source }) {
          await each(["i1", "i2", "i3"], async (item) => {
            if (item === "i2" && broken) throw new CorruptDataError("i2 is odd.");
            done.push(item);
            await saver("temp").saveData(await source("csv").getData("inner"), item, { mode: "append" });
          });
        },
      ],
    });
    const { result } = await failureOf(pipeline.run(place.options));
    expect(result.steps[0]?.sources.map(({ source, state }) => [source, state])).toEqual([
      ["*", "failed"],
      ["i1", "done"],
      ["i2", "failed"],
      ["i3", "done"],
    ]);
    broken = false;
    await pipeline.resume(result.id, place.options);
    expect(done.sort()).toEqual(["i1", "i2", "i3"]);
    expect(await place.rows("temp", "i1")).toHaveLength(3);
  });

  test("takes components of one's own that know nothing of runs", async () => {
    const saved: string[] = [];
    const saver: IDataSaver = {
      saveData: async (_, name) => saved.push(name) > 0,
      saveWithBackup: async () => false,
      healthCheck: async () => true,
    };
    const scraper = {
      scrapeData: async (into: IDataSaver) =>
        into.saveData(await place.factory.createDataSource("csv").getData("inner"), "scraped"),
      healthCheck: async () => true,
    };
    const calculator = {
      runCompleteCalculation: async (
        from: { getData(name: string): Promise<DataFrame> },
        to: IDataSaver,
        _: unknown,
        names?: string[],
      ) => {
        for (const name of names ?? []) await to.saveData(await from.getData(name), `${name}-2`);
        return [{ status: "failed", error: new Error("A report of its own.") }];
      },
      healthCheck: async () => true,
    };
    const whole = definePipeline({ name: "own", steps: [{ scrape: { scraper: scraper as never, into: saver } }] });
    expect(await whole.run(place.options)).toMatchObject({ rows: 3, steps: [{ sources: [{ source: "*" }] }] });
    const other = definePipeline({ name: "own-2", calculate: { calculator, from: "csv:inner", to: saver } });
    expect((await failureOf(other.run(place.options))).message).toContain("A report of its own.");
    expect(saved).toEqual(["scraped", "inner-2"]);
    const refusing = { ...saver, saveData: async () => false };
    const refused = definePipeline({ name: "own-3", copy: { from: "csv:inner", to: refusing } });
    expect((await failureOf(refused.run(place.options))).message).toContain("The saver refused");
  });

  test("calls the hook for how it ended, and is not changed by what that throws", async () => {
    const called: string[] = [];
    const hooks = {
      onSuccess: (result: { state: string }) => void called.push(result.state),
      onFailure: (result: { error: { message: string } | null }) => {
        called.push(result.error?.message ?? "");
        throw new Error("The webhook is away.");
      },
    };
    await definePipeline({ name: "good", ...hooks, steps: [() => {}] }).run(place.options);
    const bad = definePipeline({
      ...hooks,
      name: "bad",
      steps: [
        () => {
          throw new CorruptDataError("Odd.");
        },
      ],
    });
    expect((await failureOf(bad.run(place.options))).result.state).toBe("failed");
    expect(called).toEqual(["done", "Odd."]);
    expect(place.lines.join("\n")).toContain("onFailure of bad failed: The webhook is away.");
  });

  test("keeps no password in the ledger, the events or the log", async () => {
    const pipeline = definePipeline({
      name: "secret",
      steps: [
        () => {
          throw new Error("postgres://ann:hunter22@db/x said no to hunter-config-password");
        },
      ],
    });
    const { options } = place;
    const config = { ...place.config, DB_PASSWORD: "hunter-config-password" };
    const factory = new (place.factory.constructor as new (given: object) => typeof place.factory)({
      config,
      logger: place.factory.logger,
    });
    const { result } = await failureOf(pipeline.run({ ...options, factory }));
    const all = JSON.stringify([result, place.events, await pipeline.runs(options), place.lines]);
    expect(all).not.toContain("hunter");
    expect(result.error?.message).toBe("postgres://ann:***@db/x said no to ***");
  });

  test("logs one line for each step, with the run's and the step's name in its fields", async () => {
    const fields: Record<string, unknown>[] = [];
    const keep = ((first: object, message: string) => void fields.push({ ...first, message })) as Logger["info"];
    const logger: Logger = { debug() {}, info: keep, warn: keep, error: keep };
    const { id } = await definePipeline({ name: "lines", steps: [function first() {}, function second() {}] }).run({
      ...place.options,
      logger,
    });
    expect(fields.map(({ run, step, message }) => [run, step, String(message).split(/[:.]/)[0]])).toEqual([
      [id, undefined, `lines begins run ${id}`],
      [id, "first", "first is done"],
      [id, "second", "second is done"],
      [id, undefined, "lines is done"],
    ]);
  });
});

test("a run that is recorded in PostgreSQL is claimed, gone on with and undone as one in SQLite", async () => {
  await using other = await openPlace({ LEDGER: "postgres" });
  await other.save("temp", "in", prices("A", 3));
  let broken = true;
  const pipeline = definePipeline({
    name: "elsewhere",
    undoable: true,
    steps: [
      { copy: { from: "temp:in", to: "postgres:out", incremental: { cursor: "ts" } } },
      async () => {
        await expect(pipeline.run(other.options)).rejects.toMatchObject({ code: "RUN_OVERLAP" });
        if (broken) throw new CorruptDataError("Not yet.");
      },
    ],
  });
  const { result } = await failureOf(pipeline.run(other.options));
  broken = false;
  expect(await pipeline.resume(undefined, other.options)).toMatchObject({ id: result.id, state: "done", rows: 3 });
  const source = other.factory.createDataSource("postgres");
  const kept = await source.query("SELECT state, rows::int AS rows FROM millrace.runs");
  expect(kept.toRecords()).toEqual([{ state: "done", rows: 3 }]);
  await pipeline.undo(result.id, other.options);
  await expect(source.getData("out")).rejects.toMatchObject({ code: "FRAME_NOT_FOUND" });
});

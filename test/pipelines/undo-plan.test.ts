import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Calculator } from "../../src/calculation/calculator.ts";
import { columnsOf } from "../../src/frame/access.ts";
import { frame } from "../../src/frame/frame.ts";
import { type DataFrame, pl } from "../../src/frame/polars.ts";
import { records } from "../../src/frame/records.ts";
import { between, notNull, unique } from "../../src/pipelines/checks/rules.ts";
import { definePipeline } from "../../src/pipelines/define.ts";
import { type Opened, openPlace, prices } from "./open.ts";

let place: Opened;
beforeAll(async () => {
  place = await openPlace();
});
afterAll(() => place[Symbol.asyncDispose]());

describe.each(["csv", "postgres", "arctic"])("undoing a run that saved to %s", (type) => {
  const name = (what: string) => `${what}_${type}`;

  test("brings back rows, columns and cursor, and deletes what was new", async () => {
    const source = place.factory.createDataSource(type);
    await place.save("temp", name("in"), prices("A", 3));
    const pipeline = definePipeline({
      name: name("undo"),
      undoable: true,
      steps: [
        {
          name: "grow",
          copy: { from: `temp:${name("in")}`, to: `${type}:${name("grown")}`, incremental: { cursor: "ts" } },
        },
        { name: "copy", copy: { from: `temp:${name("in")}`, to: `${type}:${name("new")}` } },
      ],
    });
    const first = await pipeline.run(place.options);
    const before = await place.rows(type, name("grown"));
    const wider = frame([{ ...prices("B", 1, 9)[0], extra: "x" }], {
      ts: "datetime[us]",
      symbol: "string",
      close: "float64",
      extra: "string",
    });
    await place.factory.createDataSaver("temp").saveData(wider, name("in"), { mode: "append" });
    const second = await pipeline.run(place.options);
    expect(columnsOf(await source.getData(name("grown")))).toContain("extra");
    await expect(pipeline.undo(first.id, place.options)).rejects.toMatchObject({
      code: "UNDO_REFUSED",
      message: expect.stringContaining(second.id),
    });
    const undone = await pipeline.undo(second.id, place.options);
    expect(undone.map(({ done }) => done)).toEqual(["restored", "restored"]);
    expect(await place.rows(type, name("grown"))).toEqual(before);
    expect(await pipeline.runs(place.options)).toMatchObject([{ state: "undone" }, { state: "done" }]);
    const again = await pipeline.run(place.options);
    expect(again.steps[0]?.rows).toBe(1);
    expect(await place.rows(type, name("grown"))).toHaveLength(4);
  });

  test("deletes what the run made", async () => {
    const pipeline = definePipeline({
      name: name("made"),
      undoable: true,
      copy: { from: `temp:${name("in")}`, to: `${type}:${name("made")}` },
    });
    const { id } = await pipeline.run(place.options);
    expect(await pipeline.undo(id, place.options)).toMatchObject([{ destination: name("made"), done: "deleted" }]);
    await expect(place.rows(type, name("made"))).rejects.toMatchObject({ code: "FRAME_NOT_FOUND" });
  });
});

test("destinations in arctic whose long names begin alike are put back each as it was", async () => {
  const long = "x".repeat(200);
  await place.save("csv", "long", prices("A", 1));
  const pipeline = definePipeline({
    name: "long-names",
    undoable: true,
    steps: ["a", "b"].map((end) => ({ name: end, copy: { from: "csv:long", to: `arctic:${long}${end}` } })) as never,
  });
  await place.save("arctic", `${long}a`, prices("A", 2));
  await place.save("arctic", `${long}b`, prices("B", 3));
  const { id } = await pipeline.run(place.options);
  await pipeline.undo(id, place.options);
  expect(await place.rows("arctic", `${long}a`)).toHaveLength(2);
  expect(await place.rows("arctic", `${long}b`)).toHaveLength(3);
});

test("a calculation of the same input by the same version is skipped, until its run is undone", async () => {
  let calculated = 0;
  class Versioned extends Calculator {
    override readonly version: string = "1";
    calculate(rows: DataFrame) {
      calculated += 1;
      return rows;
    }
  }
  class Newer extends Versioned {
    override readonly name = "Versioned";
    override readonly version = "2";
  }
  await place.save("csv", "versioned", prices("A", 3));
  const make = (calculator: typeof Versioned) =>
    definePipeline({
      name: "versioned",
      undoable: true,
      calculate: { calculator, from: "csv:versioned", to: "postgres" },
    });
  await make(Versioned).run(place.options);
  const second = await make(Versioned).run(place.options);
  expect(second.steps[0]?.sources[0]).toMatchObject({ state: "skipped", note: expect.stringContaining("Unchanged") });
  const third = await make(Newer).run(place.options);
  expect([calculated, third.rows]).toEqual([2, 3]);
  await make(Newer).undo(third.id, place.options);
  expect((await make(Newer).run(place.options)).rows).toBe(3);
});

test("a pipeline that did not say so can't be undone", async () => {
  await place.save("temp", "plain", prices("A", 1));
  const pipeline = definePipeline({ name: "plain", copy: { from: "temp:plain", to: "csv:plain" } });
  const { id } = await pipeline.run(place.options);
  await expect(pipeline.undo(id, place.options)).rejects.toMatchObject({ code: "UNDO_REFUSED" });
});

describe("a plan", () => {
  class Doubled extends Calculator {
    calculate(rows: DataFrame) {
      return rows.withColumn(pl.col("close").mul(2).alias("doubled"));
    }
  }

  test("tells statements, inserts, updates, deletes and unchanged rows with samples, and writes nothing", async () => {
    await place.save("csv", "planned", prices("A", 10));
    const postgres = place.factory.createDataSaver("postgres");
    const keyed = { mode: "upsert", key: ["ts"] } as const;
    await postgres.saveData(
      frame(
        prices("A", 8).map((row, at) => ({ ...row, close: at < 2 ? 0 : row.close })),
        { ts: "datetime[us]", symbol: "string", close: "float64" },
      ),
      "planned",
      keyed,
    );
    const pipeline = definePipeline({
      name: "planned",
      steps: [
        { copy: { from: "csv:planned", to: "temp" } },
        { calculate: { calculator: Doubled, from: "temp", to: "postgres", ...keyed } },
        () => {},
      ],
    });
    const before = [
      await place.factory.createDataSource("temp").listSources(),
      await place.rows("postgres", "planned"),
    ];
    const news: unknown[] = [];
    const logger = { debug() {}, info: (...said: unknown[]) => news.push(said), warn() {}, error() {} };
    const plan = await pipeline.plan({ ...place.options, logger });
    expect(news).toEqual([]);
    expect(plan.changes).toMatchObject([
      { storage: "temp", destination: "planned", isNew: true, inserts: 10 },
      {
        storage: "postgres",
        destination: "planned",
        isNew: false,
        mode: "upsert",
        inserts: 2,
        updates: 2,
        deletes: 0,
        unchanged: 6,
      },
    ]);
    expect(plan.changes[1]?.statements.map(({ sql }) => sql).join()).toContain('ADD COLUMN "doubled"');
    expect(plan.changes[1]?.diff.samples.changed).toHaveLength(2);
    expect(plan.unplanned).toEqual(["run"]);
    expect(plan.text).toContain("upsert postgres:planned: 2 inserts, 2 updates, 0 deletes, 6 unchanged");
    expect([
      await place.factory.createDataSource("temp").listSources(),
      await place.rows("postgres", "planned"),
    ]).toEqual(before);
    expect(await pipeline.runs(place.options)).toEqual([]);
  });

  test("tells which checks a run would break, and that it would fail", async () => {
    const pipeline = definePipeline({
      name: "planned-checks",
      checks: { close: between(0, 5) },
      copy: { from: "csv:planned", to: "temp:checked" },
    });
    const { broken, error, changes } = await pipeline.plan(place.options);
    expect([broken.length, error?.code, changes]).toEqual([1, "CHECK_FAILED", []]);
  });
});

describe("rows that break a check", () => {
  const rows = [
    ...prices("A", 2),
    { ts: "2024-01-01T05:00:00", symbol: "A", close: null },
    { ts: "2024-01-01T06:00:00", symbol: "A", close: -1 },
  ];
  const checks = { close: [notNull(), between(0, 1e6)] };

  test("stop the run, are told of, or are put aside, as the step says", async () => {
    await place.save("csv", "checked", rows);
    const make = (onFail: "stop" | "warn" | "quarantine") =>
      definePipeline({ name: `on-${onFail}`, checks, onFail, copy: { from: "csv:checked", to: `csv:on-${onFail}` } });
    await expect(make("stop").run(place.options)).rejects.toMatchObject({ cause: { code: "CHECK_FAILED" } });
    await expect(place.rows("csv", "on-stop")).rejects.toMatchObject({ code: "FRAME_NOT_FOUND" });
    expect((await make("warn").run(place.options)).rows).toBe(4);
    expect((await make("quarantine").run(place.options)).rows).toBe(2);
    const told = place.events.filter((event) => event.type === "checks-broken");
    expect(told.map(({ quarantined, broken }) => [quarantined, broken.length])).toEqual([
      [0, 2],
      [0, 2],
      [2, 2],
    ]);
    const aside = await place.rows("csv", "on-quarantine__quarantine");
    expect(aside.map(({ run, check }) => [run === told[2]?.run, check])).toEqual([
      [true, '"close" notNull()'],
      [true, '"close" between(0, 1000000)'],
    ]);
  });

  test.each(["csv", "postgres", "arctic"])("are loaded into %s exactly once after they were mended", async (type) => {
    const target = `${type}:aside_${type}`;
    const pipeline = definePipeline({
      name: `aside-${type}`,
      checks,
      onFail: "quarantine",
      copy: { from: "csv:checked", to: target },
    });
    await pipeline.run(place.options);
    expect(await pipeline.quarantine.retry(target, place.options)).toEqual({ loaded: 0, left: 2 });
    const mend = (frame: DataFrame) => frame.withColumn(pl.col("close").fillNull(pl.lit(7)).alias("close"));
    expect(await pipeline.quarantine.retry(target, { ...place.options, mend })).toEqual({ loaded: 1, left: 1 });
    const kept = await place.factory.createDataSource(type).getData(`aside_${type}__quarantine`);
    const all = (frame: DataFrame) => frame.withColumn(pl.lit(8).cast(pl.Float64).alias("close"));
    expect(await pipeline.quarantine.retry(target, { ...place.options, mend: all })).toEqual({ loaded: 1, left: 0 });
    // As if the process had been killed before the rows were taken out of the quarantine.
    await place.factory.createDataSaver(type).saveData(kept, `aside_${type}__quarantine`);
    await pipeline.quarantine.retry(target, { ...place.options, mend: all });
    const closes = records(await place.factory.createDataSource(type).getData(`aside_${type}`)).map(
      ({ close }) => close,
    );
    expect(closes.sort()).toEqual([0.5, 1.5, 7, 8]);
  });

  test("that were loaded after all are not taken out again by undoing a run before", async () => {
    await place.save("csv", "kept-in", [...prices("A", 1), { ts: "2024-01-01T05:00:00", symbol: "A", close: -1 }]);
    const pipeline = definePipeline({
      name: "kept-in",
      undoable: true,
      checks,
      onFail: "quarantine",
      copy: { from: "csv:kept-in", to: "csv:kept-out", mode: "append" },
    });
    await pipeline.run(place.options);
    await place.save("csv", "kept-in", prices("A", 1, 1));
    const { id } = await pipeline.run(place.options);
    const mend = (frame: DataFrame) => frame.withColumn(pl.lit(7).cast(pl.Float64).alias("close"));
    await pipeline.quarantine.retry("csv:kept-out", { ...place.options, mend });
    await expect(pipeline.undo(id, place.options)).rejects.toMatchObject({ code: "UNDO_REFUSED" });
    expect((await place.rows("csv", "kept-out")).map(({ close }) => close)).toEqual([0.5, 1.5, 7]);
  });

  test("a doubled row stays put aside while its first one stands at the destination", async () => {
    await place.save("csv", "doubled", [...prices("A", 3), ...prices("A", 1), ...prices("B", 1)]);
    const pipeline = definePipeline({
      name: "doubled",
      checks: { row: unique("symbol", "ts") },
      onFail: "quarantine",
      copy: { from: "csv:doubled", to: "csv:once" },
    });
    await pipeline.run(place.options);
    expect(await pipeline.quarantine.retry("csv:once", place.options)).toEqual({ loaded: 0, left: 1 });
    const mend = (rows: DataFrame) => rows.withColumn(pl.lit("C").alias("symbol"));
    expect(await pipeline.quarantine.retry("csv:once", { ...place.options, mend })).toEqual({ loaded: 1, left: 0 });
    expect((await place.rows("csv", "once")).map(({ symbol }) => symbol).sort()).toEqual(["A", "A", "A", "B", "C"]);
  });
});

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ILedger } from "../../src/contracts/ledger.ts";
import { openLedger } from "../../src/pipelines/ledger/open.ts";
import { newRunId } from "../../src/pipelines/run/run-id.ts";
import { type OpenedFactory, openFactory } from "../storages/factory.ts";

describe.each(["sqlite", "postgres"])("the ledger in %s", (LEDGER) => {
  let opened: OpenedFactory;
  let ledger: ILedger;

  beforeAll(async () => {
    opened = await openFactory({ LEDGER });
    ledger = await openLedger(opened.config, opened.factory.logger);
  });
  afterAll(async () => {
    await ledger[Symbol.asyncDispose]();
    await opened[Symbol.asyncDispose]();
  });

  const begin = async (pipeline: string, id = newRunId()) => {
    await ledger.beginRun({ id, pipeline, version: "7", by: "host 1", request: { sources: ["a"] }, parent: null });
    return id;
  };

  test("gives back what was recorded of a run, its steps and its sources", async () => {
    await using claim = await ledger.claim("whole");
    expect(claim?.lost.aborted).toBe(false);
    const id = await begin("whole");
    const error = { name: "SaveError", code: "SAVE_FAILED", message: 'it\'s "odd" ?1 $1', retryable: false };
    const [began, ended] = [new Date(1_700_000_000_123), new Date(1_700_000_001_000)];
    await ledger.putStep({
      run: id,
      index: 1,
      name: "b",
      kind: "copy",
      state: "running",
      began,
      ended: null,
      rows: 0,
      bytes: 0,
      error: null,
    });
    await ledger.putStep({
      run: id,
      index: 0,
      name: "a",
      kind: "run",
      state: "done",
      began,
      ended,
      rows: 5,
      bytes: 2 ** 40,
      error: null,
    });
    await ledger.putStep({
      run: id,
      index: 1,
      name: "b",
      kind: "copy",
      state: "failed",
      began,
      ended,
      rows: 3,
      bytes: 4,
      error,
    });
    const source = {
      run: id,
      step: "b",
      source: "x",
      state: "failed",
      attempts: 2,
      rows: 1,
      bytes: 9,
      durationMs: 12,
      error,
      cursor: "2024-01-01",
      note: "why",
    } as const;
    await ledger.putSource({ ...source, state: "running", attempts: 1, error: null });
    await ledger.putSource(source);
    await ledger.endRun(id, { state: "failed", rows: 8, bytes: 6, error });
    const run = await ledger.run(id);
    expect(run).toMatchObject({
      id,
      pipeline: "whole",
      version: "7",
      by: "host 1",
      request: { sources: ["a"] },
      state: "failed",
      rows: 8,
      bytes: 6,
      error,
      parent: null,
      resumed: 0,
    });
    expect(run?.ended?.getTime()).toBeGreaterThanOrEqual(run?.began.getTime() ?? Number.NaN);
    expect((await ledger.steps(id)).map(({ name, state, bytes }) => [name, state, bytes])).toEqual([
      ["a", "done", 2 ** 40],
      ["b", "failed", 4],
    ]);
    expect(await ledger.sources(id)).toEqual([source]);
    expect(await ledger.sources(id, "a")).toEqual([]);
    expect(await ledger.run("none")).toBeNull();
  });

  test("lets one at a time claim a pipeline", async () => {
    const first = await ledger.claim("one");
    expect(first).not.toBeNull();
    expect(await ledger.claim("one")).toBeNull();
    await using other = await ledger.claim("another");
    expect(other).not.toBeNull();
    await first?.[Symbol.asyncDispose]();
    await using again = await ledger.claim("one");
    expect(again).not.toBeNull();
  });

  test("is not held up by many pipelines that run at once", async () => {
    const claims = await Promise.all(Array.from({ length: 15 }, (_, at) => ledger.claim(`many ${at}`)));
    expect(claims.every((claim) => claim !== null)).toBe(true);
    expect(await ledger.recall("nothing", "x")).toBeNull();
    for (const claim of claims) await claim?.[Symbol.asyncDispose]();
  });

  test("shows a run as interrupted once nobody holds its pipeline any more", async () => {
    const claim = await ledger.claim("dead");
    const id = await begin("dead");
    expect((await ledger.run(id))?.state).toBe("running");
    await claim?.[Symbol.asyncDispose]();
    expect((await ledger.runs({ pipeline: "dead" })).map(({ state }) => state)).toEqual(["interrupted"]);
    await ledger.resumeRun(id, "host 2");
    await using _ = await ledger.claim("dead");
    expect(await ledger.run(id)).toMatchObject({ state: "running", resumed: 1, by: "host 2", ended: null });
  });

  test("keeps the newest runs and drops all that it had of the others", async () => {
    const ids: string[] = [];
    for (let run = 0; run < 4; run++) {
      const id = await begin("many", `20240101-00000${run}-aaaaaa`);
      ids.push(id);
      await ledger.putTouch({
        run: id,
        step: "s",
        storage: `csv:/${run}`,
        type: "csv",
        destination: "d",
        before: { kind: "nothing" },
      });
      await ledger.putSource({
        run: id,
        step: "s",
        source: "x",
        state: "done",
        attempts: 1,
        rows: 1,
        bytes: 1,
        durationMs: 1,
        error: null,
        cursor: null,
        note: null,
      });
      await ledger.endRun(id, { state: "done", rows: 1, bytes: 1, error: null });
    }
    const dropped = await ledger.prune("many", 2);
    expect(dropped.map(({ run }) => run).sort()).toEqual(ids.slice(0, 2));
    expect((await ledger.runs({ pipeline: "many" })).map(({ id }) => id)).toEqual(ids.slice(2).reverse());
    expect(await ledger.sources(ids[0] ?? "")).toEqual([]);
    expect(await ledger.prune("many", 2)).toEqual([]);
  });

  test("moves cursors and forgets them", async () => {
    const cursor = { pipeline: "c", reader: "copy/a", value: "2024-01-01T00:00:00.000000001", run: "r", forced: false };
    await ledger.putCursor({ ...cursor, value: "2023" });
    await ledger.putCursor(cursor);
    await ledger.putCursor({ ...cursor, reader: "copy/b", run: null, forced: true });
    expect((await ledger.cursors("c")).map(({ changed: _, ...rest }) => rest)).toEqual([
      cursor,
      { ...cursor, reader: "copy/b", run: null, forced: true },
    ]);
    await ledger.dropCursors("c", "copy/a");
    expect((await ledger.cursors("c")).map(({ reader }) => reader)).toEqual(["copy/b"]);
    await ledger.dropCursors("c");
    expect(await ledger.cursors("c")).toEqual([]);
  });

  test("keeps the first touch of a run on a destination, and the order of all", async () => {
    const about = { step: "s", storage: "csv:/t", type: "csv", destination: "d" };
    await ledger.putTouch({ run: "t1", ...about, before: { kind: "backup", location: "x" } });
    await ledger.putTouch({ run: "t2", ...about, before: null });
    await ledger.putTouch({ run: "t1", ...about, before: { kind: "nothing" } });
    const touches = await ledger.touches({ storage: "csv:/t", destination: "d" });
    expect(touches.map(({ run, before }) => [run, before])).toEqual([
      ["t1", { kind: "backup", location: "x" }],
      ["t2", null],
    ]);
    expect(touches[0]?.sequence).toBeLessThan(touches[1]?.sequence ?? 0);
    await ledger.forgetBefore({ run: "t1", storage: "csv:/t", destination: "d" });
    expect((await ledger.touches({ run: "t1" })).map(({ before }) => before)).toEqual([null]);
  });

  test("remembers a text only for the one whose last look still holds", async () => {
    expect(await ledger.recall("schedule", "p")).toBeNull();
    expect(await ledger.remember("schedule", "p", "1", null)).toBe(true);
    expect(await ledger.remember("schedule", "p", "2", null)).toBe(false);
    expect(await ledger.remember("schedule", "p", "2", "1")).toBe(true);
    expect(await ledger.remember("schedule", "p", "3", "1")).toBe(false);
    expect(await ledger.remember("schedule", "p", "4")).toBe(true);
    expect(await ledger.recall("schedule", "p")).toBe("4");
  });

  if (LEDGER === "sqlite") {
    test("is a file that only its user may read", async () => {
      const { mode } = await stat(join(opened.config.FS_DATA, ".millrace", "ledger.sqlite"));
      expect(mode & 0o777).toBe(0o600);
    });
  } else {
    test("tells a run whose server is lost to end", async () => {
      const claim = await ledger.claim("lost");
      const lost = new Promise((resolve) => claim?.lost.addEventListener("abort", resolve));
      const source = opened.factory.createDataSource("postgres");
      await source
        .query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        .catch(() => {});
      await lost;
      await claim?.[Symbol.asyncDispose]();
    });
  }
});

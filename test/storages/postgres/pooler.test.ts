import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { frame } from "../../../src/frame/frame.ts";
import { records } from "../../../src/frame/records.ts";
import { PostgresStorage } from "../../../src/storages/postgres/index.ts";
import { listeningLogger } from "./open.ts";
import { Pooler } from "./pooler.ts";
import { findPrograms, TestServer } from "./server.ts";

let server: TestServer;

beforeAll(async () => {
  const [programs] = findPrograms();
  if (!programs) throw new Error("There are no programs of PostgreSQL.");
  server = await TestServer.start(programs);
});
afterAll(() => server.stop());

test("everything works behind a pooler that gives each transaction another session", async () => {
  const pooler = await Pooler.start(() => server.connect(), 6);
  const storage = new PostgresStorage({
    config: server.config({ DB_PORT: pooler.port }),
    logger: listeningLogger().logger,
  });
  onTestFinished(async () => {
    await storage.close();
    await pooler.stop();
  });
  const [saver, source, backup] = [storage.saver(), storage.source(), storage.backup()];
  const rows = (...id: number[]) =>
    frame({ id, at: id.map((n) => `2024-01-0${n}T00:00:00.000001`) }, { id: "int32", at: "datetime[us]" });
  const ids = async (name: string) => records(await source.getData(name)).map(({ id }) => id);

  await saver.saveData(rows(1, 2), "pooled", { key: ["id"], timeColumn: "at" });
  await saver.saveData(rows(3), "pooled", { mode: "append" });
  await saver.saveData(rows(3, 4), "pooled", { mode: "upsert", key: ["id"] });
  async function* batches() {
    for (const id of [5, 6, 7]) yield rows(id);
  }
  await saver.saveBatches(batches(), "pooled", { mode: "append" });
  expect(await ids("pooled")).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect((await source.query("SELECT $1::timestamptz::text AS t", ["2024-07-01 12:00:00+02"])).toRecords()).toEqual([
    { t: "2024-07-01 10:00:00+00" },
  ]);
  for await (const piece of source.getBatches("pooled", { batchRows: 2 })) {
    expect(piece.height).toBe(2);
    break;
  }
  await expect(source.query("SELECT pg_sleep(30)", [], { signal: AbortSignal.timeout(200) })).rejects.toMatchObject({
    name: "TimeoutError",
  });
  const [[, location] = []] = await backup.backupAll();
  expect(await backup.proveBackup(location ?? "")).toBe(true);
  expect(await saver.deleteData("pooled")).toBe(true);
  await backup.restoreData(location ?? "");
  expect(await ids("pooled")).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(pooler.served.size).toBe(6);
  // Whatever a session was told, it has forgotten, and what was aborted runs no more.
  expect(await server.sql("SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory'")).toEqual([{ n: 0 }]);
  expect(
    await server.sql(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND state = 'active' AND pid <> pg_backend_pid()",
    ),
  ).toEqual([{ n: 0 }]);
});

import { expect, test } from "vitest";
import { frame } from "../../../src/frame/frame.ts";
import { records } from "../../../src/frame/records.ts";
import { startChild } from "../../../src/system/child.ts";
import { openPostgres } from "./open.ts";

const postgres = openPostgres();

test("a table of 1 GB is copied, backed up and restored in less than 512 MB of memory", async () => {
  await postgres.sql(
    `CREATE TABLE large AS SELECT n::bigint AS id, timestamp '2024-01-01' + n * interval '1 second' AS at, n / 7.0::float8 AS x, md5(n::text) AS a,
       md5((n + 1)::text) AS b FROM generate_series(1, 8500000) n`,
  );
  const [{ bytes } = { bytes: 0 }] = await postgres.sql<{ bytes: number }>(
    "SELECT pg_table_size('large')::float8 AS bytes",
  );
  expect(bytes).toBeGreaterThan(1e9);
  const program = new URL("./programs/large.ts", import.meta.url).pathname;
  const child = await startChild({
    name: "large",
    command: process.execPath,
    args: [program, JSON.stringify(postgres.config)],
  });
  let told = "";
  for await (const part of child.stdout ?? []) told += String(part);
  expect(await child.exited).toEqual({ code: 0, signal: null });
  expect((JSON.parse(told) as { peakMb: number }).peakMb).toBeLessThan(512);
  const [same] = await postgres.sql(
    `SELECT (SELECT count(*)::int FROM copied) AS copied, (SELECT count(*)::int FROM restored NATURAL JOIN large) AS restored`,
  );
  expect(same).toEqual({ copied: 8_500_000, restored: 8_500_000 });
});

test("a text of 200 MB is saved whole", async () => {
  const text = "0123456789".repeat(20_000_000);
  await postgres.storage
    .saver()
    .saveData(frame({ id: [1, 2], t: [text, "short"] }, { id: "int32", t: "string" }), "long text", { key: ["id"] });
  expect(await postgres.sql(`SELECT octet_length(t) AS n FROM "long text" ORDER BY id`)).toEqual([
    { n: 200_000_000 },
    { n: 5 },
  ]);
  const [first] = records(await postgres.storage.source().getData("long text"));
  expect(first?.t === text).toBe(true);
});

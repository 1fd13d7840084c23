import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import type { RunMark } from "../../src/contracts/run-mark.ts";
import { ConflictError } from "../../src/errors.ts";
import { DataFactory } from "../../src/factory/data-factory.ts";
import { frame } from "../../src/frame/frame.ts";
import { records } from "../../src/frame/records.ts";

let folder: string;
let factory: DataFactory;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-tokens-"));
  const config = parseConfig({ FS_DATA: join(folder, "data"), FS_TEMP: join(folder, "temp"), DB_EMBEDDED: "always" });
  factory = new DataFactory({ config, logger: quiet });
});
afterAll(async () => {
  await factory.close();
  await rm(folder, { recursive: true, force: true });
});

/** The mark of a try; `between` happens when all is ready to be placed. */
function markOf(attempt: number, between: () => Promise<void> = async () => {}): RunMark {
  const fence = {
    ...{ database: "elsewhere:5432/queue", sql: "SELECT 1", token: { job: "job", attempt } },
    hold: <T>(work: (stillHeld: () => Promise<void>) => Promise<T>) => work(between),
  };
  return { id: "run", part: "copy/prices", fence };
}

const row = (n: number) => frame([{ n }], { n: "float64" });
const types = ["csv", "temp", "arctic", "postgres"] as const;

test.each(types)("in %s a try that wakes after a later one has saved places nothing, in any mode", async (type) => {
  const saver = factory.createDataSaver(type);
  await saver.saveData(row(2), "prices", { run: markOf(2) });
  for (const mode of ["replace", "append"] as const) {
    const late = saver.saveData(row(1), "prices", { mode, run: markOf(1) });
    await expect(late).rejects.toMatchObject({ code: "LEASE_LOST" });
  }
  expect(records(await factory.createDataSource(type).getData("prices"))).toEqual([{ n: 2 }]);
  // The next try, and a job of its own such as that of a resumed run, may.
  await saver.saveData(row(3), "prices", { run: markOf(3) });
  expect(records(await factory.createDataSource(type).getData("prices"))).toEqual([{ n: 3 }]);
});

test.each(["csv", "temp", "arctic"] as const)(
  "in %s a lease that ends while the rows are made ready places nothing",
  async (type) => {
    const saver = factory.createDataSaver(type);
    await saver.saveData(row(1), "rates");
    const lost = async () => {
      throw new ConflictError("Another worker has taken over.", { code: "LEASE_LOST" });
    };
    for (const mode of ["replace", "append"] as const) {
      await expect(saver.saveData(row(2), "rates", { mode, run: markOf(1, lost) })).rejects.toMatchObject({
        code: "LEASE_LOST",
      });
    }
    expect(records(await factory.createDataSource(type).getData("rates"))).toEqual([{ n: 1 }]);
  },
);

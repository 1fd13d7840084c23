import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { frame } from "../../src/frame/frame.ts";
import { PostgresStorage } from "../../src/storages/postgres/index.ts";
import { project } from "./project.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

test("ps shows the embedded PostgreSQL that a command started, stop ends it, and then there is none", async () => {
  await using here = await project({}, { DB_EMBEDDED: "always", FS_DATA: "data" });
  expect(await here.run(["ps", "--json"])).toEqual({ code: 0, stdout: "[]\n", stderr: "" });
  expect(await here.run(["list", "postgres"])).toMatchObject({ code: 0, stdout: "" });
  expect(await here.run(["ps", "--json"])).toMatchObject({ stdout: "[]\n" });
  const config = parseConfig({ FS_DATA: join(here.path, "data"), DB_EMBEDDED: "always" });
  const storage = new PostgresStorage({ config, logger: silent });
  await storage.saver().saveData(frame({ id: [1] }, { id: "int32" }), "kept");
  await storage.close();
  await storage.stopHelpers({ force: true });
  expect(await here.run(["list", "postgres"])).toMatchObject({ code: 0, stdout: expect.stringContaining("kept") });
  const asked = await here.run(["query", "SELECT id, 2.5::numeric(3,1) AS half FROM kept", "--json"]);
  expect(JSON.parse(asked.stdout)).toEqual([{ id: 1, half: "2.5" }]);
  expect((await here.run(["query", "DELETE FROM kept"])).code).not.toBe(0);
  const [helper] = JSON.parse((await here.run(["ps", "--json"])).stdout);
  expect(helper).toMatchObject({ name: "embedded PostgreSQL", pid: expect.any(Number) });
  const stopped = await here.run(["stop"]);
  expect(stopped).toMatchObject({ code: 0, stderr: "" });
  expect(stopped.stdout).toMatch(new RegExp(`^helper +pid.*\nembedded PostgreSQL +${helper.pid} `));
  expect(() => process.kill(helper.pid, 0)).toThrow(/ESRCH/);
  expect(await here.run(["ps"])).toEqual({ code: 0, stdout: "", stderr: "No helper process runs for this project.\n" });
});

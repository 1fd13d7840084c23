import { expect, test } from "vitest";
import { project } from "./project.ts";

test("ps shows the embedded PostgreSQL that a command started, stop ends it, and then there is none", async () => {
  await using here = await project({}, { DB_EMBEDDED: "always" });
  expect(await here.run(["ps", "--json"])).toEqual({ code: 0, stdout: "[]\n", stderr: "" });
  expect(await here.run(["list", "postgres"])).toMatchObject({ code: 0, stdout: "" });
  const [helper] = JSON.parse((await here.run(["ps", "--json"])).stdout);
  expect(helper).toMatchObject({ name: "embedded PostgreSQL", pid: expect.any(Number) });
  const stopped = await here.run(["stop"]);
  expect(stopped).toMatchObject({ code: 0, stderr: "" });
  expect(stopped.stdout).toMatch(new RegExp(`^helper +pid.*\nembedded PostgreSQL +${helper.pid} `));
  expect(() => process.kill(helper.pid, 0)).toThrow(/ESRCH/);
  expect(await here.run(["ps"])).toEqual({ code: 0, stdout: "", stderr: "No helper process runs for this project.\n" });
});

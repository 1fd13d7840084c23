import { expect, test } from "vitest";
import { checkMachine } from "../../src/cli/machine.ts";
import { project } from "./project.ts";

type Found = { name: string; status: string; found: string; remedy?: string }[];

test("doctor tells of Node, clock, settings, folders and every storage, and makes nothing", async () => {
  await using here = await project({}, { DB_EMBEDDED: "always" });
  const { code, stdout, stderr } = await here.run(["doctor", "--json"]);
  const found: Found = JSON.parse(stdout);
  const names = found.map(({ name }) => name);
  for (const name of [
    "Node",
    "Clock",
    "Settings",
    "FS_DATA",
    "FS_TEMP",
    "FS_BACKUP",
    "csv",
    "PostgreSQL",
    "ArcticDB",
    "temp",
  ]) {
    expect(names).toContain(name);
  }
  expect(stderr).toBe("");
  for (const { status, remedy } of found) if (status !== "ok") expect(remedy).toBeTruthy();
  expect(code).toBe(found.some(({ status }) => status === "fail") ? 1 : 0);
  const { readdir } = await import("node:fs/promises");
  expect(await readdir(here.path)).toEqual([]);
});

test("doctor fails with a remedy where a folder can't be used", async () => {
  await using here = await project({ data: "a file, no folder" }, { DB_SERVER: "127.0.0.1", DB_PORT: "1" });
  const { code, stdout } = await here.run(["doctor"]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/fail {2}FS_DATA .*is no folder\n +-> Set FS_DATA to another folder\./);
  expect(stdout).toMatch(/fail {2}PostgreSQL/);
});

test("doctor tells wrong settings as a finding", async () => {
  await using here = await project();
  const { code, stdout } = await here.run(["doctor"], { DB_PORT: "x" });
  expect(code).toBe(1);
  expect(stdout).toMatch(/fail {2}Settings .*\n.*DB_PORT: expected a whole number/);
  expect(stdout).toMatch(/ok {4}Node/);
});

test("an old Node and a clock of the past fail", () => {
  expect(checkMachine(0, "20.11.0")).toMatchObject([
    { name: "Node", status: "fail", remedy: expect.stringContaining("24") },
    { name: "Clock", status: "fail" },
  ]);
  expect(checkMachine().map(({ status }) => status)).toEqual(["ok", "ok"]);
});

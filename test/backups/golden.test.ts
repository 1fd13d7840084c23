import { cp, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compareFrames } from "../../src/frame/compare.ts";
import { type OpenedFactory, openFactory } from "../storages/factory.ts";
import { goldenFrame } from "./golden/frame.ts";

const golden = join(import.meta.dirname, "golden");
const types = ["csv", "postgres", "arctic"] as const;
const made: [version: string, type: (typeof types)[number]][] = [];
for (const version of (await readdir(golden)).filter((name) => /^v\d+$/.test(name))) {
  const there = await readdir(join(golden, version));
  for (const type of types) if (there.includes(type)) made.push([version, type]);
}

let opened: OpenedFactory;
const locationOf = (version: string, type: string) =>
  join(opened.config.FS_DATA, "backups", type, "prices", `00000${version.slice(1)}-20260131T120000000Z`);

beforeAll(async () => {
  opened = await openFactory();
  for (const [version, type] of made)
    await cp(join(golden, version, type), locationOf(version, type), { recursive: true });
});
afterAll(() => opened[Symbol.asyncDispose]());

const differs = async (type: string, name: string) =>
  compareFrames(goldenFrame(), await opened.factory.createDataSource(type).getData(name), { key: ["id"] });

describe.each(made)("a backup of form %s that %s made once", (version, type) => {
  it("is whole, proven, and comes back exactly", async () => {
    const backup = opened.factory.createDataBackup(type);
    const location = locationOf(version, type);
    expect(await backup.verifyBackup(location)).toBe(true);
    expect(await backup.proveBackup(location)).toBe(true);
    expect(await compareFrames(goldenFrame(), await backup.readBackup(location), { key: ["id"] })).toBeNull();
    await backup.restoreData(location, `own ${version}`);
    expect(await differs(type, `own ${version}`)).toBeNull();
    const described = await opened.factory.createDataSource(type).describe(`own ${version}`);
    expect(described).toMatchObject({ key: ["id"], timeColumn: "ts" });
  });

  it("comes back in every other storage, with its key, after a backup of what stood there", async () => {
    const location = locationOf(version, type);
    for (const other of types.filter((each) => each !== type)) {
      const backup = opened.factory.createDataBackup(other);
      const name = `${type} ${version}`;
      await expect(backup.restoreData(location)).rejects.toMatchObject({
        code: "CONFIG_INVALID",
        frame: expect.any(String),
      });
      expect(await backup.restoreData(location, name)).toBe(true);
      expect(await differs(other, name)).toBeNull();
      expect(await opened.factory.createDataSource(other).describe(name)).toMatchObject({ key: ["id"] });
      await backup.restoreData(location, name);
      expect(await backup.listBackups(name)).toHaveLength(1);
    }
  });
});

it("a backup of a table of PostgreSQL becomes a CSV file", async () => {
  const { factory } = opened;
  await factory.createDataSaver("postgres").saveData(goldenFrame(), "prices", { key: ["id"], timeColumn: "ts" });
  const [, location] = await factory.createDataBackup("postgres").backupData("prices");
  await factory.createDataBackup("csv").restoreData(location ?? "", "from postgres");
  expect(await differs("csv", "from postgres")).toBeNull();
});

it.each(["csv", "postgres", "arctic", "temp"])(
  "%s takes no frame under a name that is kept for proofs",
  async (type) => {
    const saver = opened.factory.createDataSaver(type);
    const saving = saver.saveData(goldenFrame(), "millrace_prove_0123456789ab");
    await expect(saving).rejects.toMatchObject({ code: "NAME_INVALID" });
    expect(await saver.saveData(goldenFrame(), "millrace_prove_x")).toBe(true);
    expect((await opened.factory.createDataSource(type).listSources()).join()).toContain("millrace_prove_x");
  },
);

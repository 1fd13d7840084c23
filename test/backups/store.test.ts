import { truncateSync } from "node:fs";
import { appendFile, mkdir, readdir, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { BackupStore } from "../../src/backups/store.ts";
import { NotFoundError } from "../../src/errors.ts";
import { isStaging } from "../../src/system/place-file.ts";
import { testFolder } from "../system/folder.ts";
import { startProgram } from "../system/program.ts";
import { listeningLogger } from "./logger.ts";

const backingUp = new URL("programs/back-up.ts", import.meta.url);
const contending = new URL("programs/contend.ts", import.meta.url);
const schema = { fields: [{ name: "a", type: "int64", nullable: true }] };

const open = (root: string, logger = listeningLogger(), storage = "csv", place = `${storage}:here`) =>
  new BackupStore({ root, storage, place, logger, by: "tests", lockTimeoutMs: 20_000 });

const content = (text: string, more: object = {}) => ({
  schema,
  rows: 1,
  ...more,
  write: async (folder: string) => {
    await mkdir(join(folder, "sub"));
    await writeFile(join(folder, "data.csv"), text);
    await writeFile(join(folder, "sub/schema.json"), "{}");
  },
});

async function flip(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await writeFile(file, bytes);
}

afterEach(() => vi.useRealTimers());

describe("a backup that is made", () => {
  it("holds the files, with all that its manifest says of them", async () => {
    const root = await testFolder();
    const store = open(root);
    const location = await store.create(
      "sub/prices.csv",
      content("a\n1\n", { timeColumn: "a", key: ["a"], extra: { x: 1 } }),
    );
    await using opened = await store.open(location);
    expect(await readFile(join(opened.folder, "data.csv"), "utf8")).toBe("a\n1\n");
    expect(await readFile(join(opened.folder, "sub/schema.json"), "utf8")).toBe("{}");
    expect(await store.read(location)).toMatchObject({
      ...{ location, storage: "csv", source: "sub/prices.csv", sequence: 1, rows: 1, schema },
      ...{ timeColumn: "a", key: ["a"], extra: { x: 1 } },
      by: expect.stringMatching(/^tests on .+, process \d+$/),
      files: [
        { name: "data.csv.zst", unpacked: 4, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
        { name: "sub/schema.json.zst", unpacked: 2 },
      ],
    });
    expect(await store.verify(location)).toBe(true);
    expect(relative(root, location)).toMatch(/^csv\/here@[0-9a-f]{16}\/[^/]+\/000001-\d{8}T\d{9}Z$/);
  });

  it("is not there when the writer fails, and nothing is left of it", async () => {
    const store = open(await testFolder());
    const failing = { ...content(""), write: () => Promise.reject(new Error("no such table")) };
    await expect(store.create("x", failing)).rejects.toThrow("no such table");
    expect(await store.list()).toEqual([]);
    const [place = ""] = await readdir(join(store.depot.root, "csv"));
    const [segment = ""] = await readdir(join(store.depot.root, "csv", place));
    const left = await readdir(join(store.depot.root, "csv", place, segment));
    expect(left.filter((name) => !name.startsWith(".lock"))).toEqual([]);
  });

  it("is refused when what was written reads back differently", async () => {
    const store = open(await testFolder());
    const dump = async (folder: string) => {
      await content("a\n1\n").write(folder);
      // Read when the sums are taken: the disk loses a byte right after.
      const damage = () => truncateSync(join(folder, "data.csv.zst"), 3);
      return {
        schema,
        rows: 1,
        get extra() {
          damage();
          return null;
        },
      };
    };
    await expect(store.createFrom("x", dump)).rejects.toThrow(
      /data\.csv\.zst in the new backup reads back differently/,
    );
    expect(await store.list()).toEqual([]);
  });

  it("is none when there is nothing to back up", async () => {
    const store = open(await testFolder());
    expect(await store.createFrom("x", async () => null)).toBeNull();
    expect(await store.list()).toEqual([]);
  });

  it("is undone by an abort", async () => {
    const store = open(await testFolder());
    const controller = new AbortController();
    const dump = async (folder: string) => {
      await content("x").write(folder);
      controller.abort(new Error("enough"));
      return { schema, rows: 1 };
    };
    await expect(store.createFrom("x", dump, controller.signal)).rejects.toThrow("enough");
    expect(await store.list()).toEqual([]);
  });

  it("comes to nothing when its process is killed, and the next one cleans up and goes on", async () => {
    const root = await testFolder();
    const store = open(root);
    const first = await store.create("prices.csv", content("old"));
    const program = startProgram(backingUp, root, "begin");
    await program.line();
    expect((await store.list()).map(({ location }) => location)).toEqual([first]);
    await program.kill();
    expect((await readdir(dirname(first))).some(isStaging)).toBe(true);
    expect((await store.list()).map(({ location }) => location)).toEqual([first]);
    const second = await store.create("prices.csv", content("new"));
    expect((await store.list()).map(({ location }) => location)).toEqual([second, first]);
    expect((await readdir(dirname(first))).some(isStaging)).toBe(false);
  });
});

describe("list", () => {
  it("gives those of one name or of all, newest first, and only this storage's", async () => {
    const root = await testFolder();
    const store = open(root);
    await open(root, listeningLogger(), "arctic").create("a", content("other storage"));
    const a1 = await store.create("a", content("1"));
    const b1 = await store.create("A", content("2"));
    const a2 = await store.create("a", content("3"));
    expect((await store.list("a")).map(({ location }) => location)).toEqual([a2, a1]);
    expect((await store.list("A")).map(({ location }) => location)).toEqual([b1]);
    expect((await store.list()).map(({ source, sequence }) => `${source}${sequence}`).sort()).toEqual([
      "A1",
      "a1",
      "a2",
    ]);
    expect(await store.list("nothing")).toEqual([]);
    expect(await open(join(root, "none")).list()).toEqual([]);
  });

  it("goes by sequence when the clock was set back", async () => {
    const store = open(await testFolder());
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-06-01") });
    const first = await store.create("x", content("1"));
    const other = await store.create("y", content("1"));
    vi.setSystemTime(new Date("2020-01-01"));
    const second = await store.create("x", content("2"));
    expect((await store.list("x")).map(({ location }) => location)).toEqual([second, first]);
    expect((await store.list()).map(({ location }) => location)).toEqual([second, first, other]);
    expect((await store.prune({ keepLast: 1 }, "x")).map(({ location }) => location)).toEqual([first]);
    expect((await store.read(second)).sequence).toBe(2);
  });

  it("leaves out what is torn, says so, and never uses its number again", async () => {
    const logger = listeningLogger();
    const store = open(await testFolder(), logger);
    const cut = await store.create("x", content("1"));
    await truncate(join(cut, "manifest.json"), 200);
    const without = await store.create("x", content("2"));
    await rm(join(without, "manifest.json"));
    const changed = await store.create("x", content("3"));
    await flip(join(changed, "manifest.json"));
    const whole = await store.create("x", content("4"));
    await mkdir(join(dirname(whole), "not-a-backup"));
    await writeFile(join(dirname(whole), "a-file"), "");
    expect((await store.list()).map(({ sequence }) => sequence)).toEqual([4]);
    expect(logger.warnings).toHaveLength(3);
    expect(await store.verify(cut)).toBe(false);
    await expect(store.read(cut)).rejects.toMatchObject({ code: "BACKUP_CORRUPT" });
    await expect(store.read(without)).rejects.toMatchObject({ code: "BACKUP_NOT_FOUND" });
  });

  it("counts each backup once when two processes make them at the same time", async () => {
    const root = await testFolder();
    const programs = [startProgram(contending, root, "8"), startProgram(contending, root, "8")];
    for (const program of programs) expect(await program.ended).toBe(0);
    const records = await open(root).list("prices.csv");
    expect(records.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 16 }, (_, index) => 16 - index));
    for (const { location } of records) expect(await open(root).verify(location)).toBe(true);
  }, 60_000);
});

describe("verify", () => {
  const damages: [string, (location: string) => Promise<unknown>][] = [
    ["one byte was changed", (location) => flip(join(location, "data.csv.zst"))],
    ["a file was cut", (location) => truncate(join(location, "data.csv.zst"), 3)],
    ["a file grew", (location) => appendFile(join(location, "data.csv.zst"), "x")],
    ["a file is gone", (location) => rm(join(location, "sub/schema.json.zst"))],
    ["a folder is gone", (location) => rm(join(location, "sub"), { recursive: true })],
    [
      "a file is a link to another",
      async (location) => {
        await rename(join(location, "data.csv.zst"), join(location, "other"));
        await symlink("other", join(location, "data.csv.zst"));
      },
    ],
    ["the manifest was changed", (location) => flip(join(location, "manifest.json"))],
  ];

  it.each(damages)("is false when %s", async (_, damage) => {
    const store = open(await testFolder());
    const location = await store.create("x", content("a\n1\n2\n"));
    expect(await store.verify(location)).toBe(true);
    await damage(location);
    expect(await store.verify(location)).toBe(false);
    await expect(store.readWhole(location)).rejects.toMatchObject({ code: "BACKUP_CORRUPT" });
  });
});

describe("a location", () => {
  it("is taken as it was given out, or relative to the folder of the backups", async () => {
    const root = await testFolder();
    const store = open(root);
    const location = await store.create("x", content("1"));
    expect((await store.read(relative(root, location))).location).toBe(location);
    expect((await store.read(`${location}/`)).location).toBe(location);
  });

  it("leads nowhere but to a backup of this storage", async () => {
    const folder = await testFolder();
    const root = join(folder, "backups");
    const store = open(root);
    const location = await store.create("x", content("1"));
    const elsewhere = await open(join(folder, "elsewhere")).create("x", content("1"));
    const arctic = await open(root, listeningLogger(), "arctic").create("x", content("1"));
    const link = `${location.slice(0, -20)}-20200101T000000000Z`;
    await symlink(elsewhere, link);
    await symlink(dirname(elsewhere), join(root, "csv", "linked"));
    const wrong = [
      "",
      ".",
      "..",
      root,
      dirname(location),
      `${location}/sub`,
      `${location}0`,
      `${location}\0`,
      elsewhere,
      arctic,
      join("..", relative(folder, elsewhere)),
      `${root}/../elsewhere/csv/x/${location.slice(-27)}`,
      link,
      join(root, "csv", "linked", elsewhere.slice(dirname(elsewhere).length + 1)),
      location.replace("000001", "000002"),
    ];
    for (const given of wrong) {
      await expect(store.read(given), given).rejects.toThrow(NotFoundError);
      await expect(store.verify(given), given).rejects.toMatchObject({ code: "BACKUP_NOT_FOUND" });
    }
  });
});

describe("prune", () => {
  it("removes what the policy does not keep, name by name, and says what", async () => {
    const store = open(await testFolder());
    const [a1, a2, b1] = [
      await store.create("a", content("1")),
      await store.create("a", content("2")),
      await store.create("b", content("3")),
    ];
    expect((await store.prune({ keepLast: 1, dryRun: true })).map(({ location }) => location)).toEqual([a1]);
    expect(await store.list()).toHaveLength(3);
    expect((await store.prune({ keepLast: 1 })).map(({ location }) => location)).toEqual([a1]);
    expect((await store.list()).map(({ location }) => location).sort()).toEqual([a2, b1].sort());
    expect(await readdir(dirname(a1))).not.toContain(a1.slice(dirname(a1).length + 1));
    await expect(store.prune({})).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  it("never removes the only proven backup", async () => {
    const store = open(await testFolder());
    const proven = await store.create("x", content("1"));
    await store.create("x", content("2"));
    const newest = await store.create("x", content("3"));
    await store.markProven(proven, new Date("2026-01-01T00:00:00Z"));
    await store.prune({ keepLast: 1 });
    expect((await store.list()).map(({ location }) => location)).toEqual([newest, proven]);
    expect((await store.read(proven)).proven).toEqual(new Date("2026-01-01T00:00:00Z"));
    expect(await store.verify(proven)).toBe(true);
  });
});

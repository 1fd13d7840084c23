import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { manifestName, manifestText, parseManifest } from "../../src/backups/manifest.ts";
import { backupPlace, isPlaceSegment, placeSegment } from "../../src/backups/place.ts";
import { openBackupStore } from "../../src/backups/store.ts";
import { parseConfig } from "../../src/config/load.ts";
import type { IRestorableBackup } from "../../src/contracts/restorable-backup.ts";
import { segmentName } from "../../src/frame/names.ts";
import { type DataFrame, pl } from "../../src/frame/polars.ts";
import { ArcticBackup } from "../../src/storages/arctic/backup.ts";
import { arcticParts } from "../../src/storages/arctic/parts.ts";
import { CsvStorage } from "../../src/storages/csv/index.ts";
import { PostgresBackup } from "../../src/storages/postgres/backup/service.ts";
import { postgresParts } from "../../src/storages/postgres/parts.ts";
import { testFolder } from "../system/folder.ts";
import { listeningLogger } from "./logger.ts";
import { ShelfBackup } from "./shelf.ts";

const numbers = (...values: number[]) => pl.DataFrame({ a: values });
const column = (frame: DataFrame) => frame.getColumn("a").toArray();
const content = { schema: { fields: [] }, rows: 0, write: (folder: string) => writeFile(join(folder, "data"), "x") };

/** Two places of one storage whose backups stand in one folder. Each holds its own `x` and one backup of it. */
async function twoPlaces() {
  const root = await testFolder();
  const made = async (name: string, value: number) => {
    const shelf = new ShelfBackup(join(root, name), 1, true, root, `shelf:host/db/${name}`);
    await shelf.put("x", numbers(value));
    const [, location] = await shelf.backupData("x");
    return { shelf, location: location ?? "" };
  };
  return { root, one: await made("one", 1), two: await made("two", 2) };
}

const listed = async (backup: IRestorableBackup, name?: string) =>
  (await backup.listBackups(name)).map(({ location }) => location);

describe("two places with one FS_BACKUP", () => {
  it("list each its own backups, and count them apart", async () => {
    const { one, two } = await twoPlaces();
    for (const { shelf, location } of [one, two]) {
      expect(await listed(shelf)).toEqual([location]);
      expect(await shelf.listBackups("x")).toMatchObject([{ location, sequence: 1, place: shelf.place }]);
    }
  });

  it("never remove each other's backups, neither by policy nor by a save with backup", async () => {
    const { one, two } = await twoPlaces();
    for (const value of [3, 4, 5]) await one.shelf.backUpThenSave("x", () => one.shelf.put("x", numbers(value)));
    expect(await one.shelf.listBackups("x")).toHaveLength(1);
    await one.shelf.pruneBackups({ maxAge: 0 });
    expect(await one.shelf.listBackups()).toEqual([]);
    expect(await listed(two.shelf)).toEqual([two.location]);
    expect(await two.shelf.verifyBackup(two.location)).toBe(true);
  });

  it("restore the other's backup only to a name that is said", async () => {
    const { one, two } = await twoPlaces();
    await expect(one.shelf.restoreData(two.location)).rejects.toMatchObject({ code: "CONFIG_INVALID", frame: "x" });
    await expect(one.shelf.restoreData(two.location)).rejects.toThrow(
      /is of shelf:host\/db\/two.* shelf:host\/db\/one/,
    );
    expect(column(await one.shelf.load("x"))).toEqual([1]);
    expect(await one.shelf.verifyBackup(two.location)).toBe(true);
    expect(await one.shelf.proveBackup(two.location)).toBe(true);
    expect(await two.shelf.listBackups()).toMatchObject([{ proven: expect.any(Date) }]);
    await one.shelf.restoreData(two.location, "x");
    expect(column(await one.shelf.load("x"))).toEqual([2]);
    expect(await one.shelf.listBackups("x")).toHaveLength(2);
    expect(await listed(two.shelf)).toEqual([two.location]);
  });

  it("do not list what was put into their folder from another place", async () => {
    const { one, two } = await twoPlaces();
    await rename(two.location, join(dirname(one.location), basename(two.location).replace("000001", "000002")));
    expect(await listed(one.shelf)).toEqual([one.location]);
  });
});

it("a backup made before there were places is read, verified, and restored to a name that is said", async () => {
  const { root, one } = await twoPlaces();
  const written = await readFile(join(one.location, manifestName), "utf8");
  const { place: _, ...manifest } = parseManifest(written, one.location);
  const old = join(root, "backups", "shelf", "x", basename(one.location));
  await mkdir(dirname(old));
  await rename(one.location, old);
  await writeFile(join(old, manifestName), manifestText(manifest));
  expect(await one.shelf.verifyBackup(old)).toBe(true);
  await expect(one.shelf.restoreData(old)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  await one.shelf.put("x", numbers(9));
  await one.shelf.restoreData(old, "x");
  expect(column(await one.shelf.load("x"))).toEqual([1]);
});

describe("the storages", () => {
  const settings: [string, Record<string, string>, Record<string, string>][] = [
    ["postgres", { DB_SCHEMA: "one" }, { DB_SCHEMA: "two" }],
    ["postgres", { DB_NAME: "one" }, { DB_NAME: "two" }],
    ["postgres", { DB_SERVER: "one", DB_EMBEDDED: "never" }, { DB_SERVER: "two", DB_EMBEDDED: "never" }],
    ["arctic", { ARCTIC_LIBRARY: "one" }, { ARCTIC_LIBRARY: "two" }],
  ];

  it.each(settings)("%s keeps the backups of %j and %j apart", async (type, ...places) => {
    const root = await testFolder();
    const made = places.map(async (place) => {
      const config = parseConfig({ FS_DATA: join(root, "data"), FS_TEMP: join(root, "temp"), ...place });
      const context = { config, logger: listeningLogger() };
      const parts = type === "arctic" ? arcticParts(context) : postgresParts(context);
      const location = await openBackupStore(context, type, parts.storageId).create("x", content);
      const backup = "rules" in parts ? new ArcticBackup(parts) : new PostgresBackup(parts);
      return { location, backup };
    });
    for (const { backup, location } of await Promise.all(made)) expect(await listed(backup)).toEqual([location]);
  });

  it("csv keeps two FS_DATA apart, and its backups are still its own after the folder was moved", async () => {
    const root = await testFolder();
    const open = (data: string, more: object = {}) => {
      const config = parseConfig({ FS_DATA: join(root, data), FS_TEMP: join(root, "temp"), ...more });
      return new CsvStorage({ config, logger: listeningLogger() });
    };
    const shared = { FS_BACKUP: join(root, "backups") };
    for (const name of ["one", "two"]) {
      await open(name, shared).saver().saveData(numbers(1), "x");
      await open(name, shared).backup().backupData("x");
      expect(await open(name, shared).backup().listBackups()).toHaveLength(1);
    }
    await open("one").backup().backupData("x");
    await rm(join(root, "two"), { recursive: true });
    await rename(join(root, "one"), join(root, "two"));
    const moved = open("two");
    await moved.saver().saveData(numbers(2), "x");
    const [record] = await moved.backup().listBackups("x");
    await moved.backup().restoreData(record?.location ?? "");
    expect((await moved.source().getData("x")).getColumn("a").toArray()).toEqual([1]);
  });
});

describe("a place", () => {
  it("is told relative to the backups only where both are moved together", () => {
    expect(backupPlace("csv:/srv/data", "/srv/data/backups", "/srv/data")).toBe("csv:..");
    expect(backupPlace("postgres:auto /srv/data/db/s", "/srv/data/backups", "/srv/data")).toBe("postgres:auto ../db/s");
    expect(backupPlace("csv:/srv/data", "/srv/backups", "/srv/data")).toBe("csv:/srv/data");
    expect(backupPlace("csv:/srv/data2", "/srv/data/backups", "/srv/data")).toBe("csv:/srv/data2");
    expect(backupPlace("postgres:h:5432/db/s", "/srv/data/backups", "/srv/data")).toBe("postgres:h:5432/db/s");
  });

  it("has a folder of its own that can be read and is no frame's", () => {
    const places = [
      "postgres:h:5432/db/one",
      "postgres:h:5432/db/One",
      "postgres:h:5432/db-one",
      "csv:..",
      "csv:../日",
    ];
    const segments = places.map(placeSegment);
    expect(new Set(segments).size).toBe(places.length);
    expect(segments[0]).toMatch(/^h-5432-db-one@[0-9a-f]{16}$/);
    for (const segment of segments) expect([segment, isPlaceSegment(segment)]).toEqual([segment, true]);
    expect(isPlaceSegment(segmentName(segments[0] ?? ""))).toBe(false);
  });
});

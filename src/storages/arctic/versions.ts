import { randomUUID } from "node:crypto";
import { ConfigError } from "../../errors.ts";
import { dateOf, versionOf } from "./as-of.ts";
import type { ArcticLibrary, ListedVersion, VersionMetadata } from "./library.ts";
import type { AsOf } from "./options.ts";
import type { ArcticParts } from "./parts.ts";
import { missing, requireSymbol } from "./symbol.ts";
import { type SymbolMetadata, savedBy } from "./symbol-metadata.ts";

/** One version of a symbol. */
export interface ArcticVersion {
  /** Its number, from 0. */
  readonly version: number;
  /** When it was saved. */
  readonly saved: Date;
  /** Who saved it; null for another program. */
  readonly by: {
    readonly service?: string;
    readonly host: string;
    readonly pid: number;
    /** The run of a pipeline that saved it. */
    readonly run?: { readonly id: string; readonly part: string };
  } | null;
  /** The snapshots that hold it. */
  readonly snapshots: readonly string[];
  /** Whether only snapshots still hold it: read it by one of them. */
  readonly deleted: boolean;
}

/** A state of all symbols, or of some, under a name. */
export interface ArcticSnapshot {
  /** Its name in the library. */
  readonly name: string;
  /** When it was made; null for another program's. */
  readonly made: Date | null;
  /** Who made it; null for another program. */
  readonly by: ArcticVersion["by"];
}

/** @throws NotFoundError */
export async function listVersions(library: ArcticLibrary, symbol: string): Promise<ArcticVersion[]> {
  const versions = (await library.versions(symbol)) ?? (await missing(library, symbol));
  return versions.map(({ version, moment, snapshots, deleted, metadata }) => ({
    version,
    saved: dateOf(moment),
    by: whoOf(metadata?.by, metadata?.run),
    snapshots,
    deleted,
  }));
}

export async function listSnapshots(library: ArcticLibrary): Promise<ArcticSnapshot[]> {
  const found = (await library.snapshots()).map(({ name, metadata }) => ({ name, ...snapshotFacts(metadata) }));
  return found.sort((a, b) => Number(b.made ?? 0) - Number(a.made ?? 0) || (a.name < b.name ? -1 : 1));
}

/** What goes with a snapshot. */
export function snapshotMetadata({ logger }: Pick<ArcticParts, "logger">): string {
  return JSON.stringify({ format: 1, made: new Date().toISOString(), by: savedBy(logger) });
}

function snapshotFacts(metadata: unknown): Pick<ArcticSnapshot, "made" | "by"> {
  try {
    const { made, by } = JSON.parse(String(metadata)) as { made?: string; by?: SymbolMetadata["by"] };
    return { made: made === undefined ? null : new Date(made), by: whoOf(by) };
  } catch {
    return { made: null, by: null };
  }
}

function whoOf(by: SymbolMetadata["by"], run?: SymbolMetadata["run"]): ArcticVersion["by"] {
  if (!by) return null;
  return { host: by.host, pid: by.pid, ...(by.service !== undefined && { service: by.service }), ...(run && { run }) };
}

/** Makes an earlier version the newest. What stood there stays as a version. The caller holds the symbol's lock. */
export async function restoreVersion(
  { library, config, logger }: ArcticParts,
  symbol: string,
  asOf: AsOf,
): Promise<void> {
  const of = versionOf(asOf);
  if (!of) throw new ConfigError("restoreVersion needs the version to restore.", { storage: "arctic" });
  const wanted = await requireSymbol(library, symbol, { of });
  const newest = await library.version(symbol);
  const { versions, drop } = splitVersions(newest, config.ARCTIC_KEEP_VERSIONS);
  const exact = "snapshot" in of ? of : { version: wanted.version };
  const metadata = wanted.metadata && {
    ...wanted.metadata,
    save: randomUUID(),
    saved: new Date().toISOString(),
    by: savedBy(logger),
    versions,
  };
  await library.restore(symbol, exact, metadata, drop);
}

/**
 * Removes all but the newest `keepLast` of the versions that millrace saved, and resolves with the numbers of those removed. With
 * `others` those of other programs count and go, too. The newest version always stays. The caller holds the symbol's lock.
 */
export async function pruneVersions(
  { library }: ArcticParts,
  symbol: string,
  { keepLast, others = false }: { keepLast: number; others?: boolean },
): Promise<number[]> {
  if (!Number.isSafeInteger(keepLast) || keepLast < 1) {
    throw new ConfigError(`keepLast is ${keepLast}; it has to be a whole number of at least 1.`, { storage: "arctic" });
  }
  const versions = (await library.versions(symbol)) ?? (await missing(library, symbol));
  const alive = versions.filter(({ deleted }) => !deleted);
  const counted = others ? alive : alive.filter(isOwn);
  const newest = alive[0]?.version;
  const removed = counted.slice(keepLast).filter(({ version }) => version !== newest);
  return library.prune(
    symbol,
    removed.map(({ version }) => version),
  );
}

function isOwn({ metadata }: ListedVersion): boolean {
  return metadata !== null;
}

/** Dropped versions that are remembered, to be dropped again: a worker may end before it gets to them. */
const remembered = 20;

/**
 * Which of the versions that millrace saved go once the next one stands beside the newest `keep - 1`, and which are remembered
 * with it.
 */
export function splitVersions(old: VersionMetadata | null, keep: number): { drop: number[]; versions: number[] } {
  const own = old?.metadata ? [...old.metadata.versions, old.version] : [];
  const staying = Math.min(keep - 1, own.length);
  return { drop: own.slice(0, own.length - staying), versions: own.slice(-(staying + remembered)) };
}

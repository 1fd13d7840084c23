import type { FrameSchema } from "../../contracts/frame-schema.ts";
import { NotFoundError } from "../../errors.ts";
import { didYouMean } from "../../system/nearest.ts";
import { noVersion } from "./as-of.ts";
import type { ArcticLibrary, SymbolFacts, Version } from "./library.ts";
import { isSymbolName } from "./names.ts";
import { type ArrowColumn, foreignColumns, type StoredColumn, schemaOfColumns, stillFits } from "./stored-columns.ts";
import type { SymbolMetadata } from "./symbol-metadata.ts";

/** The columns of a symbol: as millrace saved them, or as ArcticDB has them when another program wrote it since. */
export function columnsOf(facts: {
  columns: readonly ArrowColumn[];
  metadata: SymbolMetadata | null;
}): Pick<FoundSymbol, "stored" | "changed"> {
  const kept = facts.metadata?.columns;
  if (kept && stillFits(kept, facts.columns)) return { stored: kept, changed: false };
  return { stored: foreignColumns(facts.columns), changed: kept !== undefined };
}

/** One version, with columns as `columnsOf` has them. */
export interface FoundSymbol extends SymbolFacts {
  readonly stored: readonly StoredColumn[];
  readonly schema: FrameSchema;
  /** Whether another program changed what millrace saved, so that ArcticDB's own types count. */
  readonly changed: boolean;
}

/** Which version of a symbol to look at (default: the newest), and how closely. */
export interface FindOptions {
  bytes?: boolean;
  of?: Version | undefined;
  signal?: AbortSignal | undefined;
}

/** Finds a symbol; null when there is none. */
export async function findSymbol(
  library: ArcticLibrary,
  symbol: string,
  { of, ...options }: FindOptions = {},
): Promise<FoundSymbol | null> {
  const facts = await library.describe(symbol, { ...options, ...(of && { of }) });
  if (!facts) return null;
  const columns = columnsOf(facts);
  return { ...facts, ...columns, schema: schemaOfColumns(columns.stored) };
}

/** @throws NotFoundError with the nearest names, or the versions that there are. */
export async function requireSymbol(
  library: ArcticLibrary,
  symbol: string,
  options: FindOptions = {},
): Promise<FoundSymbol> {
  return (await findSymbol(library, symbol, options)) ?? (await missing(library, symbol, options.of));
}

/** Rejects with the NotFoundError of a symbol, or a version of it, that is not there. */
export async function missing(library: ArcticLibrary, symbol: string, of?: Version): Promise<never> {
  const other = of && (await noVersion(library, symbol, of));
  if (other) throw other;
  const near = didYouMean(symbol, await symbolNames(library).catch(() => []));
  throw new NotFoundError(
    `There is no ${symbol} in ArcticDB (${library.place.where}, library ${library.place.library}).${near}`,
    {
      storage: "arctic",
      frame: symbol,
    },
  );
}

/** Names of the symbols that can be read, sorted. */
export async function symbolNames(library: ArcticLibrary): Promise<string[]> {
  return (await library.symbols({ tables: true })).filter(isSymbolName).sort();
}

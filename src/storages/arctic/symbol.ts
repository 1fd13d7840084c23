import type { FrameSchema } from "../../contracts/frame-schema.ts";
import type { Logger } from "../../contracts/logger.ts";
import { NotFoundError } from "../../errors.ts";
import { scanIpc } from "../../frame/ipc.ts";
import type { DataFrame, LazyDataFrame } from "../../frame/polars.ts";
import { didYouMean } from "../../system/nearest.ts";
import {
  type ArrowColumn,
  decodeColumns,
  foreignColumns,
  type StoredColumn,
  schemaOfColumns,
  stillFits,
} from "./column-encoding.ts";
import type { ArcticLibrary, SymbolData, SymbolFacts, SymbolPart } from "./library.ts";
import { isSymbolName } from "./names.ts";
import type { SymbolMetadata } from "./symbol-metadata.ts";

/** The columns of a symbol: as millrace saved them, or as ArcticDB has them when another program wrote it since. */
export function columnsOf(found: {
  columns: readonly ArrowColumn[];
  metadata: SymbolMetadata | null;
}): readonly StoredColumn[] {
  const kept = found.metadata?.columns;
  return kept && stillFits(kept, found.columns) ? kept : foreignColumns(found.columns);
}

/** The newest version, with columns as `columnsOf` has them. */
export interface FoundSymbol extends SymbolFacts {
  readonly stored: readonly StoredColumn[];
  readonly schema: FrameSchema;
}

/** Finds a symbol; null when there is none. */
export async function findSymbol(
  library: ArcticLibrary,
  symbol: string,
  options: { bytes?: boolean; signal?: AbortSignal | undefined } = {},
): Promise<FoundSymbol | null> {
  const facts = await library.describe(symbol, options);
  if (!facts) return null;
  const stored = columnsOf(facts);
  return { ...facts, stored, schema: schemaOfColumns(stored) };
}

/** @throws NotFoundError with the nearest names. */
export async function requireSymbol(
  library: ArcticLibrary,
  symbol: string,
  options: { bytes?: boolean; signal?: AbortSignal | undefined } = {},
): Promise<FoundSymbol> {
  return (await findSymbol(library, symbol, options)) ?? (await missing(library, symbol));
}

/** Rejects with the NotFoundError of a symbol that is not there. */
export async function missing(library: ArcticLibrary, symbol: string): Promise<never> {
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
  return (await library.symbols()).filter(isSymbolName).sort();
}

/** A part of a symbol in the frame's own types. The file behind the lazy frame goes when this is disposed of. */
export interface ReadSymbol {
  readonly lazy: LazyDataFrame;
  readonly data: SymbolData;
}

/** Reads a part, and says in the log when another program wrote the symbol since millrace did. */
export async function readSymbol(
  library: ArcticLibrary,
  symbol: string,
  part: SymbolPart,
  { logger, signal, stored }: { logger: Logger; signal?: AbortSignal | undefined; stored?: readonly StoredColumn[] },
): Promise<ReadSymbol> {
  const data = await library.read(symbol, part, signal);
  const columns = stored ?? columnsOf(data);
  if (data.metadata && !stored && columns !== data.metadata.columns) {
    logger.info({ frame: symbol }, `${symbol} was changed by another program; ArcticDB's own types count.`);
  }
  return {
    lazy: decodeColumns(
      await scanIpc(data.path),
      columns,
      data.columns.map(({ name }) => name),
    ),
    data,
  };
}

/** A symbol's whole newest version. */
export async function loadSymbol(
  library: ArcticLibrary,
  symbol: string,
  part: SymbolPart,
  options: { logger: Logger; signal?: AbortSignal | undefined },
): Promise<DataFrame> {
  const { lazy, data } = await readSymbol(library, symbol, part, options);
  await using _ = data;
  return await lazy.collect();
}

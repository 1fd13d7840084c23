import type { FrameSchema } from "../../contracts/frame-schema.ts";
import { columnsOf as columnNames, lazyOf } from "../../frame/access.ts";
import { scanIpc } from "../../frame/ipc.ts";
import { type DataFrame, type LazyDataFrame, pl } from "../../frame/polars.ts";
import { type Misfit, recodeFrame } from "../../frame/recode.ts";
import type { StorageContext } from "../context.ts";
import { type RecodedRows, recodeRows } from "../recode.ts";
import { decodeColumns, fromTexts, hasMisfit } from "./column-encoding.ts";
import type { ArcticLibrary, SymbolData, SymbolPart } from "./library.ts";
import { foreignColumns, type StoredColumn, schemaOfColumns } from "./stored-columns.ts";
import { columnsOf, type FoundSymbol } from "./symbol.ts";

/** What narrows rows; `schema` has the types that they come in. */
export type Narrow = (rows: LazyDataFrame, schema: FrameSchema) => LazyDataFrame;

type SymbolColumns = Pick<FoundSymbol, "stored" | "changed">;

/** Which part to read, in which types. */
export interface ReadSymbolOptions {
  readonly part?: SymbolPart;
  /** The columns of this version, or how they follow from what comes. Default: `columnsOf`. */
  readonly columns?: SymbolColumns | ((data: SymbolData) => SymbolColumns);
  readonly signal?: AbortSignal | undefined;
}

/**
 * A part of a symbol, in a file that goes when this is disposed of. It comes in the types that were saved; where a value is none
 * of them, because another program put it there, in ArcticDB's own types, and the log says so.
 */
export class SymbolRows implements AsyncDisposable {
  readonly #symbol: string;
  readonly #data: SymbolData;
  readonly #context: StorageContext;
  readonly #signal: AbortSignal | undefined;
  #stored: readonly StoredColumn[];

  private constructor(
    symbol: string,
    data: SymbolData,
    stored: readonly StoredColumn[],
    context: StorageContext,
    signal: AbortSignal | undefined,
  ) {
    this.#symbol = symbol;
    this.#data = data;
    this.#context = context;
    this.#signal = signal;
    const read = new Set(data.columns.map(({ name }) => name));
    this.#stored = stored.filter(({ name }) => read.has(name));
  }

  /** @throws NotFoundError without names that are near. */
  static async read(
    context: StorageContext & { readonly library: ArcticLibrary },
    symbol: string,
    { part = {}, columns = columnsOf, signal }: ReadSymbolOptions = {},
  ): Promise<SymbolRows> {
    const data = await context.library.read(symbol, part, signal);
    const { stored, changed } = typeof columns === "function" ? columns(data) : columns;
    const rows = new SymbolRows(symbol, data, stored, context, signal);
    if (changed) rows.#tell();
    return rows;
  }

  /** The columns that were read. ArcticDB's own once a value turned out to be none of its column's type. */
  get stored(): readonly StoredColumn[] {
    return this.#stored;
  }

  /** The rows in memory, narrowed before texts become values. */
  frame(narrow: Narrow = (rows) => rows): Promise<DataFrame> {
    return this.#decoded(async (rows, schema, refuse) => {
      const found = await narrow(rows, schema).collect();
      const names = new Set(columnNames(found));
      const texts = fromTexts(this.#stored).filter(({ name }) => names.has(name));
      return recodeFrame(found, texts, refuse);
    });
  }

  /** All rows in constant memory, with their schema. */
  rows(): Promise<RecodedRows & { schema: FrameSchema }> {
    return this.#decoded(async (rows, schema, refuse) => {
      const { config } = this.#context;
      const about = { config, storage: "arctic", frame: this.#symbol, signal: this.#signal };
      const recoded = await recodeRows(rows, this.#data.rows, fromTexts(this.#stored), { ...about, refuse });
      return { rows: recoded.rows, schema, [Symbol.asyncDispose]: () => recoded[Symbol.asyncDispose]() };
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#data[Symbol.asyncDispose]());
  }

  async #decoded<T>(
    use: (rows: LazyDataFrame, schema: FrameSchema, refuse: (misfit: Misfit) => Error) => Promise<T>,
  ): Promise<T> {
    const { source } = this.#data;
    const file = typeof source === "string" ? await scanIpc(source) : lazyOf(pl.readIPC(source));
    if (await hasMisfit(file, this.#stored)) this.#becomeForeign();
    try {
      return await use(decodeColumns(file, this.#stored), schemaOfColumns(this.#stored), () => new NoValue());
    } catch (cause) {
      if (!(cause instanceof NoValue)) throw cause;
      this.#becomeForeign();
      return use(decodeColumns(file, this.#stored), schemaOfColumns(this.#stored), () => new NoValue());
    }
  }

  #becomeForeign(): void {
    this.#stored = foreignColumns(this.#data.columns);
    this.#tell();
  }

  #tell(): void {
    const symbol = this.#symbol;
    this.#context.logger.info(
      { frame: symbol },
      `${symbol} was changed by another program; ArcticDB's own types count.`,
    );
  }
}

/** A text that is no value of its column's type. */
class NoValue extends Error {}

/** A symbol's whole newest version. */
export async function loadSymbol(
  context: StorageContext & { readonly library: ArcticLibrary },
  symbol: string,
  options: ReadSymbolOptions = {},
): Promise<DataFrame> {
  await using rows = await SymbolRows.read(context, symbol, options);
  return await rows.frame();
}

import type { FrameSchema } from "../../contracts/frame-schema.ts";
import { columnsOf as columnNames, lazyOf } from "../../frame/access.ts";
import { scanIpc } from "../../frame/ipc.ts";
import { type DataFrame, type LazyDataFrame, pl } from "../../frame/polars.ts";
import { recodeFrame } from "../../frame/recode.ts";
import type { StorageContext } from "../context.ts";
import { type RecodedRows, recodeRows } from "../recode.ts";
import { hasMisfit } from "./cast-columns.ts";
import { decodeColumns, fromTexts } from "./column-encoding.ts";
import type { ArcticLibrary, SymbolData, SymbolPart } from "./library.ts";
import { type PartFile, partBytes, partFile } from "./part-files.ts";
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
 * A part of a symbol, which goes when this is disposed of. It comes in the types that were saved; where a value is none of them,
 * because another program put it there, in ArcticDB's own types, and the log says so.
 */
export class SymbolRows implements AsyncDisposable {
  readonly #symbol: string;
  readonly #data: SymbolData;
  readonly #context: StorageContext;
  readonly #signal: AbortSignal | undefined;
  #stored: readonly StoredColumn[];
  #file: PartFile | null = null;
  /** Whether the worker is done with the file. */
  #isTaken = false;

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
  frame(narrow?: Narrow): Promise<DataFrame> {
    return this.#inOwnTypes(async () => {
      const found = narrow || this.#data.bytes < partBytes ? await this.#part(narrow) : await this.#parts();
      const names = new Set(columnNames(found));
      const texts = fromTexts(this.#stored).filter(({ name }) => names.has(name));
      return recodeFrame(found, texts, () => new NoValue());
    });
  }

  /** All rows in constant memory, with their schema. */
  rows(): Promise<RecodedRows & { schema: FrameSchema }> {
    return this.#inOwnTypes(async () => {
      const { config } = this.#context;
      const rows = await this.#decoded(await this.#whole());
      const about = { config, storage: "arctic", frame: this.#symbol, signal: this.#signal };
      const refuse = () => new NoValue();
      const recoded = await recodeRows(rows, this.#data.rows, fromTexts(this.#stored), { ...about, refuse });
      const schema = schemaOfColumns(this.#stored);
      return { rows: recoded.rows, schema, [Symbol.asyncDispose]: () => recoded[Symbol.asyncDispose]() };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#data[Symbol.asyncDispose]();
    if (this.#isTaken && this.#data.bytes <= partBytes) this.#file?.giveBack();
    else await this.#file?.remove();
  }

  /** With the types that were kept, and where those do not fit with ArcticDB's own. */
  async #inOwnTypes<T>(use: () => Promise<T>): Promise<T> {
    try {
      return await use();
    } catch (cause) {
      if (!(cause instanceof NoValue)) throw cause;
      this.#stored = foreignColumns(this.#data.columns);
      this.#tell();
      return use();
    }
  }

  async #part(narrow: Narrow = (rows) => rows): Promise<DataFrame> {
    const rows = narrow(await this.#decoded(await this.#whole()), schemaOfColumns(this.#stored));
    return this.#data.inline ? rows.collectSync() : rows.collect();
  }

  /** The worker writes one part while polars reads the one before. */
  async #parts(): Promise<DataFrame> {
    const { rows, bytes } = this.#data;
    const step = Math.ceil(rows / Math.ceil(bytes / partBytes));
    const take = async (first: number): Promise<PartFile> => {
      const file = await partFile(this.#context.config);
      try {
        await this.#data.take(file.path, [first, Math.min(first + step, rows)]);
        return file;
      } catch (cause) {
        await file.remove();
        throw cause;
      }
    };
    const parts: DataFrame[] = [];
    let next: Promise<PartFile> | null = take(0);
    for (let first = 0; next; first += step) {
      const file: PartFile = await next;
      next = first + step < rows ? take(first + step) : null;
      next?.catch(() => {});
      try {
        parts.push(await (await this.#decoded(await scanIpc(file.path))).collect());
        file.giveBack();
      } catch (cause) {
        await file.remove();
        await next?.then((other) => other.remove()).catch(() => {});
        throw cause;
      }
    }
    return pl.concat(parts, { how: "vertical", rechunk: false });
  }

  /** All rows as ArcticDB holds them. */
  async #whole(): Promise<LazyDataFrame> {
    const { inline, bytes } = this.#data;
    if (inline) return lazyOf(pl.readIPC(inline, { columns: this.#stored.map(({ name }) => name) }));
    if (!this.#file) {
      this.#file = await partFile(this.#context.config, bytes);
      await this.#data.take(this.#file.path);
      this.#isTaken = true;
    }
    return scanIpc(this.#file.path);
  }

  async #decoded(stored: LazyDataFrame): Promise<LazyDataFrame> {
    const { inline, columns, arrow } = this.#data;
    if (!arrow && (await hasMisfit(stored, this.#stored))) throw new NoValue();
    return decodeColumns(
      stored,
      this.#stored,
      (inline ? this.#stored : columns).map(({ name }) => name),
    );
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

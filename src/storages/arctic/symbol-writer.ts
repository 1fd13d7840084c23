import { randomUUID } from "node:crypto";
import type { SaveOptions } from "../../contracts/save-options.ts";
import { SchemaError } from "../../errors.ts";
import { exchangeFile } from "../../frame/exchange.ts";
import { writeIpc } from "../../frame/ipc.ts";
import { requireKey } from "../../frame/key.ts";
import { assertDistinct } from "../../frame/names.ts";
import type { LazyDataFrame } from "../../frame/polars.ts";
import type { FrameContent } from "../frame-saver.ts";
import { recodeRows } from "../recode.ts";
import { encodeColumns, planColumns, toTexts } from "./column-encoding.ts";
import type { ArcticParts } from "./parts.ts";
import type { StoredColumn } from "./stored-columns.ts";
import { type FoundSymbol, findSymbol, symbolNames } from "./symbol.ts";
import { canFollow, chooseIndex } from "./time-index.ts";

/** How many versions of a symbol that millrace saved stay, the newest among them. Those of other programs always stay. */
const keptVersions = 10;

/** One version to be written. */
interface Version {
  rows: LazyDataFrame;
  height: number;
  columns: readonly StoredColumn[];
  index: string | null;
  timeColumn: string | undefined;
  key: readonly string[] | undefined;
  /** What stands there before. */
  old: FoundSymbol | null;
  append: boolean;
}

/** Writes frames as versions of symbols. The caller holds the symbol's lock. */
export class SymbolWriter {
  readonly #parts: ArcticParts;
  /** The plan of each frame, so that its values are looked through once. */
  readonly #plans = new WeakMap<LazyDataFrame, Promise<StoredColumn[]>>();

  constructor(parts: ArcticParts) {
    this.#parts = parts;
  }

  /** @throws FidelityError or SchemaError for what ArcticDB can't hold, before anything is written. */
  async refuse(symbol: string, content: FrameContent): Promise<void> {
    const columns = await this.#plan(symbol, content);
    if (content.timeColumn !== undefined) await indexFor(symbol, content, columns);
  }

  /** Makes the frame the newest version of the symbol. */
  async place(symbol: string, content: FrameContent, signal?: AbortSignal): Promise<void> {
    const { rows, height, timeColumn, key } = content;
    const columns = await this.#plan(symbol, content);
    const index = await indexFor(symbol, content, columns);
    const old = await findSymbol(this.#parts.library, symbol, { signal });
    if (!old) assertDistinct(symbol, await symbolNames(this.#parts.library), "arctic");
    await this.#write(symbol, { rows, height, columns, index, timeColumn, key, old, append: false }, signal);
  }

  /**
   * How to append the rows to what stands there, when ArcticDB does that exactly: the same columns, types and encodings, and in
   * time order where there is an index. Null when the whole has to be written anew.
   *
   * @throws SchemaError for rows before the last one of a symbol with a time column.
   */
  async appending(symbol: string, content: FrameContent, options: SaveOptions): Promise<(() => Promise<void>) | null> {
    const { library } = this.#parts;
    const { key, timeColumn, signal } = options;
    const old = await findSymbol(library, symbol, { signal });
    const kept = old?.metadata;
    if (!old || !kept || old.stored !== kept.columns) return null;
    if (timeColumn !== undefined && timeColumn !== kept.timeColumn) return null;
    const columns = appendable(kept.columns, await this.#plan(symbol, content));
    if (!columns) return null;
    const index = columns.find(({ name }) => name === kept.index);
    if (index && !(await canFollow(content.rows, index, old.indexEnd))) {
      if (kept.timeColumn !== kept.index) return null;
      throw new SchemaError(
        `Rows can be appended to ${symbol} in time order only: "${index.name}" has a null, is not sorted, or begins before the last time that stands there.`,
        { storage: "arctic", frame: symbol, hint: 'Sort the rows, or use mode "upsert" with a key.' },
      );
    }
    if (key) await requireKey(await content.rows.collect(), key, { storage: "arctic", frame: symbol });
    if (content.height === 0) return async () => {};
    const version: Version = {
      rows: content.rows,
      height: content.height,
      columns,
      index: kept.index,
      timeColumn: kept.timeColumn,
      key: key ?? kept.key,
      old,
      append: true,
    };
    return () => this.#write(symbol, version, signal);
  }

  #plan(symbol: string, { rows, schema }: FrameContent): Promise<StoredColumn[]> {
    const known = this.#plans.get(rows);
    if (known) return known;
    const plan = planColumns(rows, schema, symbol);
    this.#plans.set(rows, plan);
    return plan;
  }

  async #write(symbol: string, version: Version, signal: AbortSignal | undefined): Promise<void> {
    const { config, library, logger } = this.#parts;
    const { rows, height, columns, index, timeColumn, key, old, append } = version;
    await using file = await exchangeFile(config, height * columns.length * 16);
    await using texts = await recodeRows(rows, height, toTexts(columns), {
      config,
      storage: "arctic",
      frame: symbol,
      signal,
    });
    await writeIpc(encodeColumns(texts.rows, columns, index), file.path, { storage: "arctic", frame: symbol });
    signal?.throwIfAborted();
    const own = old?.metadata ? [...old.metadata.versions, old.version] : [];
    logger.debug(
      { frame: symbol },
      `${append ? "Appending" : "Saving"} ${height} rows as ${symbol}, ${index === null ? "without an index" : `indexed by "${index}"`}.`,
    );
    await library.write(
      symbol,
      {
        path: file.path,
        append,
        index: index !== null,
        metadata: {
          format: 1,
          columns: [...columns],
          index,
          ...(timeColumn !== undefined && { timeColumn }),
          ...(key && { key: [...key] }),
          save: randomUUID(),
          saved: new Date().toISOString(),
          versions: own.slice(-(keptVersions - 1)),
        },
        drop: own.slice(0, -(keptVersions - 1)),
      },
      signal,
    );
  }
}

/** A time column that the user named has to be in order; without one, any fitting timestamp serves. */
function indexFor(frame: string, { rows, timeColumn }: FrameContent, columns: StoredColumn[]): Promise<string | null> {
  return chooseIndex(rows, columns, { timeColumn, required: timeColumn !== undefined, frame });
}

/**
 * The kept columns, when those of new rows are the same and fit the same encodings: integers hold every date and time, timestamps
 * only those in their range.
 */
function appendable(kept: readonly StoredColumn[], next: readonly StoredColumn[]): readonly StoredColumn[] | null {
  if (kept.length !== next.length) return null;
  const fits = kept.every(({ name, type, stored }) => {
    const other = next.find((column) => column.name === name);
    return other?.type === type && (other.stored === stored || stored.startsWith("int"));
  });
  return fits ? kept : null;
}

import { randomUUID } from "node:crypto";
import type { RunMark } from "../../contracts/run-mark.ts";
import { SchemaError } from "../../errors.ts";
import { ipcBytesOf } from "../../frame/access.ts";
import { exchangeFile } from "../../frame/exchange.ts";
import { writeIpc } from "../../frame/ipc.ts";
import { requireKey } from "../../frame/key.ts";
import { assertDistinct } from "../../frame/names.ts";
import type { LazyDataFrame } from "../../frame/polars.ts";
import type { FrameContent } from "../frame-saver.ts";
import type { Marks } from "../marks.ts";
import { recodeRows } from "../recode.ts";
import { encodeColumns, planColumns, toTexts } from "./column-encoding.ts";
import type { SymbolWrite, VersionMetadata } from "./library.ts";
import type { ArcticSaveOptions } from "./options.ts";
import type { ArcticParts } from "./parts.ts";
import type { StoredColumn } from "./stored-columns.ts";
import { findSymbol } from "./symbol.ts";
import { savedBy } from "./symbol-metadata.ts";
import { timeFacts } from "./time-facts.ts";
import { canFollow, chooseIndex, type TimedRows } from "./time-index.ts";
import { splitVersions } from "./versions.ts";

/** One version to be written. */
interface NewVersion extends Pick<SymbolWrite, "mode"> {
  rows: LazyDataFrame;
  height: number;
  columns: readonly StoredColumn[];
  index: string | null;
  timeColumn: string | undefined;
  key: readonly string[] | undefined;
  marks: Marks | undefined;
  confirm: (() => Promise<void>) | undefined;
  /** Who saves it, when a pipeline's run does. */
  run: RunMark | undefined;
  /** What stands there before. */
  old: VersionMetadata | null;
}

/** How a frame is held. */
interface Plan extends TimedRows {
  readonly columns: readonly StoredColumn[];
}

/** An append of fewer rows leaves a piece of its own, which every read then has to look for. So many are let grow. */
const smallAppend = 50_000;
const mostPieces = 16;

/** Up to so many values and bytes a frame travels in the request itself. */
const fewCells = 20_000;
const mostInline = 512 * 2 ** 10;

/** Writes frames as versions of symbols. The caller holds the symbol's lock. */
export class SymbolWriter {
  readonly #parts: ArcticParts;
  /** The plan of each frame, so that its values are looked through once. */
  readonly #plans = new WeakMap<LazyDataFrame, Promise<Plan>>();

  constructor(parts: ArcticParts) {
    this.#parts = parts;
  }

  /** @throws FidelityError or SchemaError for what ArcticDB can't hold, before anything is written. */
  async refuse(symbol: string, content: FrameContent): Promise<void> {
    const plan = await this.#plan(symbol, content);
    if (content.timeColumn !== undefined) await this.#index(symbol, content, plan);
  }

  /** Makes the frame the newest version of the symbol. */
  async place(symbol: string, content: FrameContent, signal?: AbortSignal): Promise<void> {
    const { library } = this.#parts;
    const { rows, height, timeColumn, key, marks, run, confirm } = content;
    const [plan, old] = await Promise.all([this.#plan(symbol, content), library.version(symbol, { signal })]);
    if (!old) assertDistinct(symbol, await library.symbols({ tables: false }), "arctic");
    const index = await this.#index(symbol, content, plan, old?.metadata?.index);
    const { columns } = plan;
    const version: NewVersion = {
      rows,
      height,
      columns,
      index,
      timeColumn,
      key,
      marks,
      run,
      confirm,
      old,
      mode: "replace",
    };
    await this.#write(symbol, version, signal);
  }

  /**
   * How to append the rows to what stands there, or to put them in place of those of the same times, when ArcticDB does that
   * exactly: the same columns, types and encodings, and in time order where there is an index. Null when the whole has to be
   * written anew.
   *
   * @throws SchemaError for an append of rows before the last one of a symbol with a time column.
   */
  async adding(
    symbol: string,
    content: FrameContent,
    options: ArcticSaveOptions & { mode: "append" | "replaceRange" },
  ): Promise<(() => Promise<void>) | null> {
    const { mode, key, timeColumn, signal, onDuplicate = "keep" } = options;
    const old = await findSymbol(this.#parts.library, symbol, { signal });
    const kept = old?.metadata;
    if (!old || !kept || old.changed) return null;
    if (timeColumn !== undefined && timeColumn !== kept.timeColumn) return null;
    const plan = await this.#plan(symbol, content);
    const columns = addable(kept.columns, plan.columns);
    if (!columns) return null;
    const index = columns.find(({ name }) => name === kept.index);
    if (mode === "replaceRange" && (!index || kept.index !== kept.timeColumn)) return null;
    if (index) {
      const end = mode === "append" ? old.indexEnd : null;
      const order = canFollow(plan, index, end);
      if (order === "at the end" && onDuplicate !== "keep") return null;
      if (!order) {
        if (kept.timeColumn !== kept.index || mode === "replaceRange") return null;
        throw new SchemaError(
          `Rows can be appended to ${symbol} in time order only: "${index.name}" has a null, is not sorted, or begins before the last time that stands there.`,
          {
            storage: "arctic",
            frame: symbol,
            hint: 'Sort the rows (sort: true), or use mode "upsert" with a key, or "replaceRange".',
          },
        );
      }
    }
    if (key) await requireKey(await content.rows.collect(), key, { storage: "arctic", frame: symbol });
    if (content.height === 0) return async () => {};
    const version: NewVersion = {
      rows: content.rows,
      height: content.height,
      columns,
      index: kept.index,
      timeColumn: kept.timeColumn,
      key: key ?? kept.key,
      marks: content.marks,
      run: content.run,
      confirm: content.confirm,
      old,
      mode: mode === "append" ? "append" : "update",
    };
    return () => this.#write(symbol, version, signal);
  }

  #plan(symbol: string, { rows, height, schema }: FrameContent): Promise<Plan> {
    const known = this.#plans.get(rows);
    if (known) return known;
    const plan = timeFacts(rows, height, schema).then((times) => ({
      rows,
      times,
      columns: planColumns(schema, times, symbol),
    }));
    this.#plans.set(rows, plan);
    return plan;
  }

  /**
   * A time column that the user named has to be in order. Without one the symbol's own index serves if it can, else the first
   * timestamp that can.
   */
  #index(
    frame: string,
    { timeColumn }: FrameContent,
    plan: Plan,
    before: string | null = null,
  ): Promise<string | null> {
    return chooseIndex(plan, plan.columns, { timeColumn, before, frame });
  }

  /** A small frame as bytes, which saves making a file; another one as a file, which goes when it is disposed of. */
  async #arrow(frame: string, rows: LazyDataFrame, cells: number): Promise<SymbolWrite["arrow"] & AsyncDisposable> {
    if (cells <= fewCells) {
      const data = ipcBytesOf(rows.collectSync());
      if (data.length <= mostInline) return { data, async [Symbol.asyncDispose]() {} };
    }
    const file = await exchangeFile(this.#parts.config, cells * 16);
    try {
      await writeIpc(rows, file.path, { storage: "arctic", frame });
      return file;
    } catch (cause) {
      await file[Symbol.asyncDispose]();
      throw cause;
    }
  }

  async #write(symbol: string, version: NewVersion, signal: AbortSignal | undefined): Promise<void> {
    const { config, library, logger } = this.#parts;
    const { rows, height, columns, index, timeColumn, key, marks, run, confirm, old, mode } = version;
    const about = { storage: "arctic", frame: symbol };
    await using texts = await recodeRows(rows, height, toTexts(columns), { config, ...about, signal });
    await using arrow = await this.#arrow(symbol, encodeColumns(texts.rows, columns, index), height * columns.length);
    signal?.throwIfAborted();
    const { versions, drop } = splitVersions(old, config.ARCTIC_KEEP_VERSIONS);
    const verb = { replace: "Saving", append: "Appending", update: "Putting" }[mode];
    const indexed = index === null ? "without an index" : `indexed by "${index}"`;
    logger.debug({ frame: symbol }, `${verb} ${height} rows as ${symbol}, ${indexed}.`);
    const pieces = mode === "replace" ? 0 : (old?.metadata?.appends ?? 0) + (height < smallAppend ? 1 : 0);
    // A save that is no pipeline's leaves the marks as they are.
    const kept = marks ?? old?.metadata?.marks;
    const compact = mode === "append" && pieces >= mostPieces;
    await confirm?.();
    await library.write(
      symbol,
      {
        arrow,
        mode,
        index: index !== null,
        compact,
        metadata: {
          format: 1,
          columns: [...columns],
          index,
          ...(timeColumn !== undefined && { timeColumn }),
          ...(key && { key: [...key] }),
          appends: compact ? 0 : pieces,
          save: randomUUID(),
          saved: new Date().toISOString(),
          by: savedBy(logger),
          ...(run && { run: { id: run.id, part: run.part } }),
          ...(kept && { marks: kept }),
          versions,
        },
        drop,
      },
      signal,
    );
  }
}

/**
 * The kept columns, when those of new rows are the same and fit the same encodings: integers hold every date and time, timestamps
 * only those in their range.
 */
function addable(kept: readonly StoredColumn[], next: readonly StoredColumn[]): readonly StoredColumn[] | null {
  if (kept.length !== next.length) return null;
  const fits = kept.every(({ name, type, stored }) => {
    const other = next.find((column) => column.name === name);
    return other?.type === type && (other.stored === stored || stored.startsWith("int"));
  });
  return fits ? kept : null;
}

import type { Config } from "../../config/settings.ts";
import type { IDataSource } from "../../contracts/data-source.ts";
import type { IDelete } from "../../contracts/delete.ts";
import type { ReadOptions } from "../../contracts/read-options.ts";
import type { IRestorableBackup } from "../../contracts/restorable-backup.ts";
import { SchemaError } from "../../errors.ts";
import { columnsOf, heightOf } from "../../frame/access.ts";
import { requireBatches, sliceFrame } from "../../frame/batches.ts";
import { systemTemp } from "../../frame/exchange.ts";
import { type DataFrame, pl } from "../../frame/polars.ts";
import { schemaOf } from "../../frame/schema.ts";
import { piecesOf } from "../../storages/pieces.ts";
import { pairingHash, planDiff } from "./columns.ts";
import { DiffTotal } from "./diff.ts";
import { DealtRows } from "./parts.ts";
import type { DiffOptions, FrameDiff } from "./result.ts";

/** A frame in a storage; `options` may say which version (arctic's `asOf`) or which rows. */
export interface StoredSide<Options extends ReadOptions = ReadOptions> {
  readonly source: IDataSource;
  readonly name: string;
  readonly options?: Options;
}

/** A backup, restored under a name of its own in the storage that `source` and `saver` speak to, read, and removed. */
export interface BackupSide {
  readonly backup: IRestorableBackup;
  readonly location: string;
  readonly source: IDataSource;
  readonly saver: IDelete;
}

/** What may be compared: a frame, a frame in a storage, a backup, or batches. */
export type DiffSide = DataFrame | StoredSide | BackupSide | AsyncIterable<DataFrame>;

/** As for `diff`. */
export interface StoreDiffOptions extends DiffOptions {
  /** Values of each side that are in memory at once; further rows lie in files in FS_TEMP until they are compared. Default: 16 M. */
  readonly cellsInMemory?: number;
  /** Parts that such rows are dealt to; one of each side is in memory at a time. Default: 64, for some hundred million rows. */
  readonly parts?: number;
  /** Whose FS_TEMP. Default: the system's. */
  readonly config?: Pick<Config, "FS_TEMP">;
}

/**
 * Compares two frames wherever they are, as `diff` does, in bounded memory: each side is read once in batches, and where it is
 * large its rows are dealt to files by a hash of the key, which are compared one after the other.
 *
 *     await diffStores({ source: csv, name: "prices" }, { source: postgres, name: "prices" }, { key: ["symbol", "ts"] })
 */
export async function diffStores(old: DiffSide, next: DiffSide, options: StoreDiffOptions = {}): Promise<FrameDiff> {
  await using opened = new AsyncDisposableStack();
  const sides = [await open(old, opened, options.signal), await open(next, opened, options.signal)] as const;
  const firsts = [await sides[0].next(), await sides[1].next()] as const;
  if (firsts[0].done || firsts[1].done) throw new SchemaError("There was no batch to compare, and so no columns.");
  const plan = planDiff(schemaOf(firsts[0].value), schemaOf(firsts[1].value), options);
  const total = new DiffTotal(plan, options.samples);
  if (plan.by === "order") {
    await inOrder([follow(firsts[0].value, sides[0]), follow(firsts[1].value, sides[1])], total, options.signal);
    return total.result();
  }
  const { config = systemTemp, cellsInMemory = 16_000_000, parts = 64, signal } = options;
  const hash = pairingHash(plan);
  const side = () => opened.use(new DealtRows(hash, { mostCells: cellsInMemory, parts, config }));
  const dealt = [side(), side()] as const;
  await Promise.all(
    ([0, 1] as const).map(async (at) => {
      for await (const batch of follow(firsts[at].value, sides[at])) {
        signal?.throwIfAborted();
        await dealt[at].add(batch);
      }
    }),
  );
  if (dealt[0].isWhole && dealt[1].isWhole) {
    await total.add(await dealt[0].part(0), await dealt[1].part(0));
    return total.result();
  }
  for (const rows of dealt) await rows.deal();
  for (let part = 0; part < parts; part++) {
    signal?.throwIfAborted();
    await total.add(await dealt[0].part(part), await dealt[1].part(part));
  }
  return total.result();
}

/** Compares rows of one place in pieces of the same height. */
async function inOrder(
  sides: readonly [AsyncIterable<DataFrame>, AsyncIterable<DataFrame>],
  total: DiffTotal,
  signal: AbortSignal | undefined,
): Promise<void> {
  const [old, next] = [new Pieces(sides[0]), new Pieces(sides[1])];
  for (let first = 0; ; ) {
    signal?.throwIfAborted();
    const [left, right] = [await old.waiting(), await next.waiting()];
    const rows = Math.min(left > 0 ? left : right, right > 0 ? right : left);
    const number = (row: number) => first + row;
    await total.add({ frame: old.take(rows), number }, { frame: next.take(rows), number });
    first += rows;
    if (rows === 0) return;
  }
}

/** Batches, cut to any height. */
class Pieces {
  readonly #batches: AsyncIterator<DataFrame>;
  #held: DataFrame = pl.DataFrame({});
  #ended = false;

  constructor(batches: AsyncIterable<DataFrame>) {
    this.#batches = batches[Symbol.asyncIterator]();
  }

  /** Rows at hand; 0 at the end. */
  async waiting(): Promise<number> {
    while (heightOf(this.#held) === 0 && !this.#ended) {
      const { done, value } = await this.#batches.next();
      if (done) this.#ended = true;
      else this.#held = value;
    }
    return heightOf(this.#held);
  }

  take(rows: number): DataFrame {
    const taken = this.#held.slice(0, rows);
    this.#held = this.#held.slice(rows, heightOf(this.#held));
    return taken;
  }
}

async function* follow(first: DataFrame, rest: AsyncIterator<DataFrame>): AsyncGenerator<DataFrame> {
  yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

async function open(
  side: DiffSide,
  opened: AsyncDisposableStack,
  signal: AbortSignal | undefined,
): Promise<AsyncIterator<DataFrame>> {
  const batches = pl.DataFrame.isDataFrame(side)
    ? framesOf(side)
    : await batchesOf(side as Exclude<DiffSide, DataFrame>, opened, signal);
  const iterator = batches[Symbol.asyncIterator]();
  opened.defer(async () => {
    await iterator.return?.();
  });
  return iterator;
}

async function batchesOf(
  side: Exclude<DiffSide, DataFrame>,
  opened: AsyncDisposableStack,
  signal: AbortSignal | undefined,
): Promise<AsyncIterable<DataFrame>> {
  if (!("source" in side)) return requireBatches(side);
  let name = "name" in side ? side.name : "";
  if ("backup" in side) {
    name = `millrace_diff_${crypto.randomUUID().replaceAll("-", "")}`;
    await side.backup.restoreData(side.location, name);
    opened.defer(async () => {
      await side.saver.deleteData(name);
    });
  }
  const options = { ...("name" in side ? side.options : undefined), ...(signal && { signal }) };
  return inSlices(piecesOf(side.source, name, options));
}

async function* inSlices(pieces: AsyncIterable<DataFrame>): AsyncGenerator<DataFrame> {
  for await (const piece of pieces) yield* framesOf(piece);
}

async function* framesOf(df: DataFrame): AsyncGenerator<DataFrame> {
  if (columnsOf(df).length === 0 || heightOf(df) === 0) yield df;
  else yield* sliceFrame(df, 1 << 20);
}

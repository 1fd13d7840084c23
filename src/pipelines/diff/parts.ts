import type { Config } from "../../config/settings.ts";
import { columnsOf, exactColumns, heightOf, lazyOf, selectOf } from "../../frame/access.ts";
import { type ExchangeFile, exchangeFile } from "../../frame/exchange.ts";
import { readIpc, writeIpc } from "../../frame/ipc.ts";
import { type DataFrame, type Expr, pl } from "../../frame/polars.ts";
import type { DiffPart } from "./diff.ts";

/** How rows of a side are kept. */
export interface DealOptions {
  /** Values that are in memory at once. */
  readonly mostCells: number;
  /** Parts that rows are dealt to. */
  readonly parts: number;
  readonly config: Pick<Config, "FS_TEMP">;
}

/**
 * Rows of one side of a diff, dealt to parts by a hash, so that rows that are paired are in the same part on both sides. A side of
 * few values stays in memory, and is one part.
 */
export class DealtRows implements AsyncDisposable {
  readonly #hash: Expr;
  readonly #options: DealOptions;
  readonly #files: ExchangeFile[] = [];
  readonly #parts: ExchangeFile[][];
  #held: DataFrame[] = [];
  #cells = 0;
  #rows = 0;
  #first = 0;
  #empty: DataFrame | undefined;

  constructor(hash: Expr, options: DealOptions) {
    this.#hash = hash;
    this.#options = options;
    this.#parts = Array.from({ length: options.parts }, () => []);
  }

  /** Whether all rows are still in memory. */
  get isWhole(): boolean {
    return this.#files.length === 0;
  }

  async add(batch: DataFrame): Promise<void> {
    this.#empty ??= lazyOf(batch).head(0).collectSync();
    this.#held.push(batch);
    this.#rows += heightOf(batch);
    this.#cells += heightOf(batch) * columnsOf(batch).length;
    if (this.#cells >= this.#options.mostCells) await this.deal();
  }

  /** Puts what is in memory into the parts' files. */
  async deal(): Promise<void> {
    if (this.#held.length === 0) return;
    const whole = await joined(this.#held.splice(0));
    const { rowName, partName } = helperNames(whole);
    // In two steps: a plan takes the hash of a struct for a struct.
    const hashed = await lazyOf(whole).withColumns(this.#hash.alias(partName)).collect();
    const dealt = await lazyOf(hashed)
      .withColumns(pl.col(partName).rem(pl.lit(this.#options.parts).cast(pl.UInt64)).cast(pl.Int64))
      .withRowIndex(rowName, this.#first)
      .sort(partName, false, true, true)
      .collect();
    const counts = await lazyOf(dealt).groupBy([partName]).agg(pl.len().alias("rows")).sort(partName).collect();
    const [parts = [], heights = []] = columnsOf(counts).map((name) => counts.getColumn(name).toArray() as unknown[]);
    for (let index = 0, at = 0; index < parts.length; at += Number(heights[index++])) {
      const file = await exchangeFile(this.#options.config, Number.POSITIVE_INFINITY);
      this.#files.push(file);
      this.#parts[Number(parts[index])]?.push(file);
      const rows = lazyOf(dealt).slice(at, Number(heights[index]));
      // By position, since an Arrow file can't hold a column named "".
      const names = [rowName, ...columnsOf(whole)];
      await writeIpc(
        rows.select(names.map((name, place) => exactColumns([name])[0]?.alias(`c${place}`) ?? pl.col(name))),
        file.path,
      );
    }
    this.#first = this.#rows;
    this.#cells = 0;
  }

  /** The rows of a part; of a side that stayed whole, all of them. */
  async part(index: number): Promise<DiffPart> {
    const none = this.#empty ?? pl.DataFrame({});
    if (this.isWhole) return { frame: this.#held.length > 0 ? await joined(this.#held) : none };
    const files = this.#parts[index] ?? [];
    if (files.length === 0) return { frame: none };
    const whole = await joined(await Promise.all(files.map(({ path }) => readIpc(path))));
    const numbers = whole.getColumn("c0").toArray() as number[];
    const names = columnsOf(none);
    const own = selectOf(
      whole,
      names.map((_, place) => `c${place + 1}`),
    );
    const frame = lazyOf(own)
      .select(names.map((name, place) => pl.col(`c${place + 1}`).alias(name)))
      .collectSync();
    return { frame, number: (row) => Number(numbers[row]) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const file of this.#files.splice(0)) await file[Symbol.asyncDispose]();
  }
}

async function joined(frames: readonly DataFrame[]): Promise<DataFrame> {
  return frames.length === 1 ? (frames[0] as DataFrame) : pl.concat(frames.map(lazyOf)).collect();
}

/** Names that no column of the frame has. */
function helperNames(frame: DataFrame): { rowName: string; partName: string } {
  const longest = Math.max(0, ...columnsOf(frame).map((name) => name.length));
  return { rowName: "r".repeat(longest + 1), partName: "p".repeat(longest + 1) };
}

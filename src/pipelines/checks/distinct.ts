import { randomInt } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Config } from "../../config/settings.ts";
import { columnOf, exactColumn, heightOf, lazyOf } from "../../frame/access.ts";
import { toArrow } from "../../frame/arrow.ts";
import { type ExchangeFile, exchangeFile } from "../../frame/exchange.ts";
import { scanIpc, writeIpc } from "../../frame/ipc.ts";
import { type DataFrame, type Expr, type LazyDataFrame, pl } from "../../frame/polars.ts";
import type { ColumnType } from "../../frame/types.ts";
import { HashSet } from "./hash-set.ts";

/** Hashes put into the set in one turn of the event loop: a few milliseconds. */
const hashesAtOnce = 32_768;

/**
 * Finds rows whose key an earlier row has, over all batches. Of each key's hash it remembers 64 bits; the keys themselves lie in
 * files, one for each batch, and are asked only where a hash was seen before. So it is exact whatever the hashes are.
 */
export class DistinctRows implements AsyncDisposable {
  readonly #columns: readonly Expr[];
  readonly #names: readonly string[];
  readonly #single: boolean;
  readonly #config: Pick<Config, "FS_TEMP">;
  readonly #seeds = Array.from({ length: 4 }, () => randomInt(2 ** 47));
  readonly #seen = new HashSet();
  readonly #files: ExchangeFile[] = [];
  readonly #parts: LazyDataFrame[] = [];

  constructor(columns: readonly { name: string; type: ColumnType }[], config: Pick<Config, "FS_TEMP">) {
    this.#names = columns.map((_, index) => `k${index}`);
    this.#columns = columns.map(({ name, type }, index) => {
      const column = exactColumn(name);
      // Their codes differ from frame to frame.
      return (type.kind === "categorical" || type.kind === "enum" ? column.cast(pl.String) : column).alias(`k${index}`);
    });
    this.#single = columns.length === 1 && !["array", "null"].includes(columns[0]?.type.kind ?? "");
    this.#config = config;
  }

  /** A column `repeats` that is true for each row whose key stood in an earlier row. `last`: no batch follows. */
  async repeats(batch: DataFrame, last: boolean): Promise<DataFrame> {
    const keys = await lazyOf(batch)
      .select([...this.#columns])
      .collect();
    const whole = this.#single ? pl.col("k0") : pl.struct(this.#names.map((name) => pl.col(name)));
    const complete = this.#names.map((name) => pl.col(name).isNotNull()).reduce((all, one) => all.and(one));
    const found = await lazyOf(keys).select(whole.isFirstDistinct().not().and(complete).alias("repeats")).collect();
    if (last && this.#parts.length === 0) return found;
    const rows = await this.#seenBefore(keys, whole, complete);
    await this.#keep(keys, complete);
    if (rows.length === 0) return found;
    const again = pl.DataFrame({ row: pl.Series("row", rows, pl.UInt32) }).withColumn(pl.lit(true).alias("again"));
    return lazyOf(found)
      .withRowIndex("row")
      .join(again.lazy(), { on: ["row"], how: "left", maintainOrder: "left" })
      .select(
        pl
          .col("repeats")
          .or(pl.col("again").fillNull(pl.lit(false)))
          .alias("repeats"),
      )
      .collect();
  }

  /** Rows of the batch whose key stands in an earlier batch. */
  async #seenBefore(keys: DataFrame, whole: Expr, complete: Expr): Promise<number[]> {
    const [a = 0, b = 0, c = 0, d = 0] = this.#seeds;
    const hashes = await lazyOf(keys)
      .select(whole.hash(a, b, c, d).alias("hash"), complete.alias("complete"))
      .filter(pl.col("complete"))
      .select("hash")
      .collect();
    const rows = await lazyOf(keys).withRowIndex("row").filter(complete).select("row").collect();
    const rowNumbers = columnOf(rows, "row").toArray() as number[];
    const candidates: number[] = [];
    let at = 0;
    for (const { data } of (await toArrow(hashes, this.#config)).batches) {
      const values = data.children[0]?.values as BigUint64Array;
      const halves = new Uint32Array(values.buffer, values.byteOffset, data.length * 2);
      for (let index = 0; index < data.length; index++, at++) {
        if (this.#seen.add(halves[2 * index] ?? 0, halves[2 * index + 1] ?? 0)) candidates.push(rowNumbers[at] ?? 0);
        if (at % hashesAtOnce === hashesAtOnce - 1) await nextTurn();
      }
    }
    if (candidates.length === 0 || this.#parts.length === 0) return [];
    const suspects = lazyOf(keys)
      .withRowIndex("row")
      .select(pl.all().gather(pl.lit(pl.Series("row", candidates, pl.UInt32)).explode()));
    const found = await suspects
      .join(pl.concat([...this.#parts]), { on: [...this.#names], how: "semi" })
      .select("row")
      .collect();
    return columnOf(found, "row").toArray() as number[];
  }

  async #keep(keys: DataFrame, complete: Expr): Promise<void> {
    if (heightOf(keys) === 0) return;
    const file = await exchangeFile(this.#config, Number.POSITIVE_INFINITY);
    this.#files.push(file);
    await writeIpc(lazyOf(keys).filter(complete), file.path);
    this.#parts.push(await scanIpc(file.path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const file of this.#files.splice(0)) await file[Symbol.asyncDispose]();
  }
}

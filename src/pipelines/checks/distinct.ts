import { randomInt } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Config } from "../../config/settings.ts";
import { columnOf, exactColumn, heightOf, lazyOf, selectOf } from "../../frame/access.ts";
import { toArrow } from "../../frame/arrow.ts";
import { type ExchangeFile, exchangeFile } from "../../frame/exchange.ts";
import { scanIpc, writeIpc } from "../../frame/ipc.ts";
import { type DataFrame, type Expr, type LazyDataFrame, pl, type Series } from "../../frame/polars.ts";
import type { ColumnType } from "../../frame/types.ts";
import { HashSet } from "./hash-set.ts";

/** Hashes put into the set in one turn of the event loop: a few milliseconds. */
const hashesAtOnce = 32_768;

/**
 * Finds rows whose key an earlier row has, over all batches. Of each key's hash it remembers 64 bits; the keys themselves lie in
 * files, one for each batch, and are asked only where a hash was seen before. So it is exact whatever the hashes are.
 */
export class DistinctRows implements AsyncDisposable {
  readonly #keys: readonly Expr[];
  readonly #on: string[];
  readonly #repeats: Expr;
  /** The hash of the key, and whether no part of it is null; made only for rows in batches. */
  readonly #facts: () => Expr[];
  readonly #config: Pick<Config, "FS_TEMP">;
  readonly #seen = new HashSet();
  readonly #files: ExchangeFile[] = [];
  readonly #parts: LazyDataFrame[] = [];

  constructor(columns: readonly { name: string; type: ColumnType }[], config: Pick<Config, "FS_TEMP">) {
    this.#config = config;
    this.#on = columns.map((_, index) => `k${index}`);
    this.#keys = columns.map(({ name, type }, index) => {
      const column = exactColumn(name);
      // Their codes differ from frame to frame.
      return (type.kind === "categorical" || type.kind === "enum" ? column.cast(pl.String) : column).alias(`k${index}`);
    });
    const isSingle = columns.length === 1 && !["array", "null"].includes(columns[0]?.type.kind ?? "");
    const parts = this.#on.map((name) => pl.col(name));
    const whole = isSingle ? pl.col("k0") : pl.struct(parts);
    const complete = parts.map((part) => part.isNotNull()).reduce((all, one) => all.and(one));
    this.#repeats = whole.isFirstDistinct().not().and(complete).alias("repeats");
    const [a = 0, b = 0, c = 0, d = 0] = Array.from({ length: 4 }, () => randomInt(2 ** 47));
    this.#facts = once(() => [complete.cast(pl.UInt64).alias("complete"), whole.hash(a, b, c, d).alias("hash")]);
  }

  /** True for each row whose key stood in an earlier row. `last`: no batch follows. */
  async repeats(batch: DataFrame, last: boolean): Promise<Series> {
    const keys = await lazyOf(batch)
      .select([...this.#keys])
      .collect();
    const alone = last && this.#parts.length === 0;
    const facts = await lazyOf(keys)
      .select(alone ? [this.#repeats] : [this.#repeats, ...this.#facts()])
      .collect();
    const repeats = columnOf(facts, "repeats");
    if (alone) return repeats;
    const again = await this.#inEarlierBatches(keys, facts);
    if (!last) await this.#keep(keys);
    if (again.length === 0) return repeats;
    const all = repeats.toArray() as boolean[];
    for (const row of again) all[row] = true;
    return pl.Series("repeats", all, pl.Bool);
  }

  /** Rows of the batch whose key stands in an earlier batch. */
  async #inEarlierBatches(keys: DataFrame, facts: DataFrame): Promise<number[]> {
    const suspects: number[] = [];
    let row = 0;
    for (const { data } of (await toArrow(selectOf(facts, ["complete", "hash"]), this.#config)).batches) {
      const [complete, hashes] = data.children.map(({ values }) => halves(values, data.length));
      for (let at = 0; at < data.length; at++, row++) {
        if (complete?.[2 * at] !== 1) continue;
        if (this.#seen.add(hashes?.[2 * at] ?? 0, hashes?.[2 * at + 1] ?? 0)) suspects.push(row);
        if (row % hashesAtOnce === hashesAtOnce - 1) await nextTurn();
      }
    }
    if (suspects.length === 0 || this.#parts.length === 0) return [];
    const found = await lazyOf(keys)
      .withRowIndex("row")
      .select(pl.all().gather(pl.Series("row", suspects, pl.UInt32)))
      .join(pl.concat([...this.#parts]), { on: this.#on, how: "semi" })
      .select("row")
      .collect();
    return columnOf(found, "row").toArray() as number[];
  }

  async #keep(keys: DataFrame): Promise<void> {
    if (heightOf(keys) === 0) return;
    const file = await exchangeFile(this.#config, Number.POSITIVE_INFINITY);
    this.#files.push(file);
    await writeIpc(keys, file.path);
    this.#parts.push(await scanIpc(file.path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const file of this.#files.splice(0)) await file[Symbol.asyncDispose]();
  }
}

/** 64-bit numbers as their low and high halves. */
function halves(values: BigUint64Array, length: number): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, length * 2);
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

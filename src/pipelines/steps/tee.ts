/** One of the readers of a shared stream. Who is done with it before its end calls `return`. */
export interface TeeReader<T> extends AsyncIterableIterator<T> {
  return(): Promise<IteratorResult<T>>;
}

/** An item that all readers are at. */
interface Round<T> {
  readonly item: Promise<IteratorResult<T>>;
  /** Readers that have not asked for the next one yet. */
  left: number;
  readonly next: PromiseWithResolvers<Round<T>>;
}

/**
 * Gives one stream to several. However one of them ends, the others are not kept waiting for it; rejects with the first failure when
 * all have ended, so that none is left behind unwatched.
 */
export async function toEach<T>(
  stream: AsyncIterable<T>,
  takers: readonly ((reader: TeeReader<T>) => Promise<unknown>)[],
): Promise<void> {
  const readers = tee(stream, takers.length);
  const taken = takers.map(async (take, index) => {
    const reader = readers[index] as TeeReader<T>;
    await take(reader).finally(() => reader.return());
  });
  const failed = (await Promise.allSettled(taken)).find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

/**
 * One stream for several readers, in constant memory: the next item is asked for when every reader has asked for it. A reader that
 * has returned holds the others up no more. A failure of the stream is one of every reader.
 */
export function tee<T>(stream: AsyncIterable<T>, count: number): TeeReader<T>[] {
  const iterator = stream[Symbol.asyncIterator]();
  let readers = count;
  let first: Round<T> | undefined;

  const begin = (): Round<T> => {
    const item = iterator.next();
    item.catch(() => {});
    return { item, left: readers, next: Promise.withResolvers() };
  };
  const leave = (round: Round<T>): void => {
    round.left -= 1;
    if (round.left > 0) return;
    // Each round leads to the next: kept, it would keep all of the stream.
    if (round === first) first = undefined;
    if (readers > 0) round.next.resolve(begin());
  };

  function reader(): TeeReader<T> {
    let at: Round<T> | undefined;
    let ended = false;
    const end = async (): Promise<IteratorResult<T>> => {
      if (!ended) {
        ended = true;
        readers -= 1;
        if (!at) first ??= readers > 0 ? { ...begin(), left: readers + 1 } : undefined;
        const round = at ?? first;
        at = undefined;
        if (round) leave(round);
        if (readers === 0) await iterator.return?.();
      }
      return { done: true, value: undefined };
    };
    return {
      async next() {
        if (ended) return { done: true, value: undefined };
        if (!at) {
          first ??= begin();
          at = first;
        } else {
          const { next } = at;
          leave(at);
          at = await next.promise;
        }
        const result = await at.item;
        return result.done ? end() : result;
      },
      return: end,
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
  return Array.from({ length: count }, reader);
}

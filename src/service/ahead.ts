/** The same items, the next of which is asked for while one is worked on: two are held at once. */
export async function* ahead<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  const from = items[Symbol.asyncIterator]();
  let next = from.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = from.next();
      // A failure is told when it is its turn.
      next.catch(() => {});
      yield value;
    }
  } finally {
    await next.catch(() => {});
    await from.return?.();
  }
}

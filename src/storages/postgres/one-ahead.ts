/** The same items: the next one is asked for while the one before is in use. */
export async function* oneAhead<T>(items: AsyncIterable<T>): AsyncGenerator<T, void> {
  const iterator = items[Symbol.asyncIterator]();
  const ask = () => {
    const asked = iterator.next();
    // Its failure counts once its turn comes, or never.
    asked.catch(() => {});
    return asked;
  };
  try {
    for (let asked = ask(); ; ) {
      const { value, done } = await asked;
      if (done) return;
      asked = ask();
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { waitAfter } from "../../src/pipelines/run/retry.ts";
import { type TeeReader, tee } from "../../src/pipelines/steps/tee.ts";

function counted(count: number, failAt = -1) {
  const state = { given: 0, closed: false };
  async function* stream() {
    try {
      for (let item = 0; item < count; item++) {
        if (item === failAt) throw new Error("The stream broke.");
        state.given += 1;
        yield item;
      }
    } finally {
      state.closed = true;
    }
  }
  return { state, stream: stream() };
}

async function all(reader: TeeReader<number>): Promise<number[]> {
  const items: number[] = [];
  for await (const item of reader) items.push(item);
  return items;
}

test("every reader gets every item of a stream that is read once", async () => {
  const { state, stream } = counted(50);
  const results = await Promise.all(tee(stream, 3).map(all));
  expect(results).toEqual(Array.from({ length: 3 }, () => Array.from({ length: 50 }, (_, item) => item)));
  expect(state).toEqual({ given: 50, closed: true });
});

test("the quickest reader waits for the slowest, so that no more than one item is kept", async () => {
  const { state, stream } = counted(50);
  const [quick, slow] = tee(stream, 2) as [TeeReader<number>, TeeReader<number>];
  await quick.next();
  let second = false;
  const ahead = quick.next().then(() => {
    second = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect([state.given, second]).toEqual([1, false]);
  await slow.next();
  await slow.next();
  await ahead;
  expect(state.given).toBe(2);
});

test("a reader that leaves holds the others up no more, whether it had begun or not", async () => {
  const { state, stream } = counted(20);
  const [one, two, three] = tee(stream, 3) as [TeeReader<number>, TeeReader<number>, TeeReader<number>];
  const whole = all(one);
  await three.return();
  await two.next();
  await two.return();
  expect(await whole).toHaveLength(20);
  expect(state.closed).toBe(true);
  const other = counted(20);
  const readers = tee(other.stream, 2);
  await readers[0]?.next();
  for (const reader of readers) await reader.return();
  expect(other.state).toEqual({ given: 1, closed: true });
});

test("a stream that breaks fails every reader", async () => {
  const results = await Promise.allSettled(tee(counted(5, 2).stream, 2).map(all));
  expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
});

test("waits grow, end at the longest, and are random between half of it and all of it", () => {
  const rule = { attempts: 9, exponential: true, delayMs: 100, maxDelayMs: 1_000 };
  for (const [tries, most] of [
    [1, 100],
    [2, 200],
    [4, 800],
    [5, 1_000],
    [30, 1_000],
  ] as const) {
    const waits = Array.from({ length: 200 }, () => waitAfter(tries, rule, null));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(most / 2);
    expect(Math.max(...waits)).toBeLessThanOrEqual(most);
    expect(new Set(waits).size).toBeGreaterThan(100);
  }
  expect(waitAfter(5, { ...rule, exponential: false }, null)).toBeLessThanOrEqual(100);
  expect(waitAfter(1, rule, { retryAfter: 777 })).toBe(777);
});

test("what all readers have passed is kept no longer, however long the stream", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const given: WeakRef<object>[] = [];
  async function* stream() {
    for (let item = 0; item < 100; item++) {
      const made = { item };
      given.push(new WeakRef(made));
      yield made;
    }
  }
  const [one, two] = tee(stream(), 2) as [TeeReader<object>, TeeReader<object>];
  for (let item = 0; item < 50; item++) await Promise.all([one.next(), two.next()]);
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  expect(given.filter((each) => each.deref()).length).toBeLessThan(5);
});

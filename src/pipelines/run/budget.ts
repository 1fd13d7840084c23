import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../../config/settings.ts";
import type { IBatchSource } from "../../contracts/batches.ts";
import type { IDataSource } from "../../contracts/data-source.ts";
import type { RunSpent } from "../../contracts/ledger.ts";
import type { ReadOptions } from "../../contracts/read-options.ts";
import { heightOf } from "../../frame/access.ts";
import { defaultBatchRows, sliceFrame } from "../../frame/batches.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { sizeOf } from "./size.ts";

type Budget = Pick<Config, "BUDGET_MEMORY" | "BUDGET_STALL">;

/** The part of the memory that a batch may be: Node and polars take most of a small budget, and a batch is there in several forms. */
const partOfMemory = 192;
/** Of the memory, when streams begin to wait for each other. */
const pressed = 0.85;
const waitMs = 50;

/** Streams of this process, the oldest first. */
const streams = new Set<object>();

/** Rows of a batch that the memory leaves room for, as wide as those of the sample. Without a budget the usual number. */
export function batchRowsFor(sample: DataFrame, { BUDGET_MEMORY: memory }: Budget): number {
  const rows = heightOf(sample);
  if (memory === undefined || rows === 0) return defaultBatchRows;
  const width = sizeOf(sample) / rows;
  return Math.max(1, Math.min(defaultBatchRows, Math.floor(memory / partOfMemory / Math.max(1, streams.size) / width)));
}

/** Rows by whose width those of a batch are counted. */
const sampled = 500;

/**
 * A source's batches, of as many rows as the budget's memory leaves room for. Their width is that of the first rows, where reading a few
 * costs little: a storage that cuts its batches by bytes has no need of it.
 *
 * @param takes the read options that the source is known to take.
 */
export async function batchesWithin(
  source: IDataSource & IBatchSource,
  name: string,
  options: ReadOptions & { batchRows?: number },
  { config, takes }: { config: Budget; takes: readonly string[] | undefined },
): Promise<AsyncIterable<DataFrame>> {
  const looks = takes?.includes("limit") && !source.cutsByBytes;
  if (config.BUDGET_MEMORY === undefined || !looks) return source.getBatches(name, options);
  const { batchRows = defaultBatchRows, ...read } = options;
  const sample = await source.getData(name, { ...read, limit: Math.min(sampled, read.limit ?? sampled) });
  return source.getBatches(name, { ...options, batchRows: Math.min(batchRows, batchRowsFor(sample, config)) });
}

/**
 * Batches no larger than the budget's memory leaves room for. When the process comes near to it, of all its streams
 * only the oldest goes on: the others hold their sources back until it has ended or there is room.
 */
export async function* fitBatches(
  batches: AsyncIterable<DataFrame>,
  config: Budget,
  signal?: AbortSignal,
): AsyncGenerator<DataFrame> {
  const memory = config.BUDGET_MEMORY;
  if (memory === undefined) {
    yield* batches;
    return;
  }
  const self = {};
  const isPressed = () => process.memoryUsage.rss() > memory * pressed;
  let rows: number | undefined;
  streams.add(self);
  try {
    for await (const batch of batches) {
      rows ??= batchRowsFor(batch, config);
      for (const piece of sliceFrame(batch, rows)) {
        while (isPressed() && streams.values().next().value !== self) await sleep(waitMs, undefined, { signal });
        yield piece;
      }
    }
  } finally {
    streams.delete(self);
  }
}

/** What was more than the budget allows, for people; empty when it was kept. */
export function overBudget({ peakBytes, stallMs }: RunSpent, budget: Budget): string[] {
  const { BUDGET_MEMORY: memory = Number.POSITIVE_INFINITY, BUDGET_STALL: stall = Number.POSITIVE_INFINITY } = budget;
  return [
    ...(peakBytes > memory ? [`the process held ${megabytes(peakBytes)} of ${megabytes(memory)}`] : []),
    ...(stallMs > stall ? [`the event loop was blocked for ${stallMs} ms of ${stall} ms`] : []),
  ];
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;

/** `at most 212 MB, longest stall 31 ms`. */
export function spentText({ peakBytes, stallMs }: RunSpent): string {
  return `at most ${megabytes(peakBytes)}, longest stall ${stallMs} ms`;
}

import type { RecordBatch } from "apache-arrow";
import { lazyOf } from "../../frame/access.ts";
import { type DataFrame, pl } from "../../frame/polars.ts";

/** Arrow bytes from which on a part of a frame is made. */
const partBytes = 24 << 20;

/** One frame of the batches of a read. Its parts are made while further rows arrive: at the end only the last one is waited for. */
export async function collectBatches(
  batches: AsyncIterable<RecordBatch>,
  toFrame: (part: readonly RecordBatch[]) => Promise<DataFrame>,
): Promise<DataFrame> {
  const parts: DataFrame[] = [];
  let making: Promise<unknown> = Promise.resolve();
  let part: RecordBatch[] = [];
  let bytes = 0;
  const make = () => {
    const frame = toFrame(part).then((made) => parts.push(made));
    part = [];
    bytes = 0;
    return frame;
  };
  for await (const batch of batches) {
    part.push(batch);
    bytes += batch.data.byteLength;
    if (bytes < partBytes) continue;
    await making;
    making = make();
    // Seen when the next part is due, unless the read itself fails before.
    making.catch(() => {});
  }
  await making;
  if (part.length > 0 || parts.length === 0) await make();
  const [first] = parts as [DataFrame];
  return parts.length === 1 ? first : pl.concat(parts.map(lazyOf), { rechunk: false }).collect();
}

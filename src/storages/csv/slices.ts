import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { ExchangeFile } from "../../frame/exchange.ts";
import { chunkBytes } from "./csv-file.ts";
import type { Content } from "./kept-schema.ts";

/** A slice that is being written to a file of its own. */
export interface Slice {
  file: ExchangeFile;
  written: Promise<unknown>;
}

/** How many slices are written at once. */
const together = 2;

/**
 * Puts slices one behind the other into a file, and hashes what it puts there. The next slices are written meanwhile.
 *
 * @param start begins to write the i-th slice.
 */
export async function writeSlices(
  path: string,
  count: number,
  start: (i: number) => Promise<Slice>,
  signal?: AbortSignal,
): Promise<Content> {
  await using target = await open(path, "w");
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafeSlow(chunkBytes);
  const running: Slice[] = [];
  let started = 0;
  let bytes = 0;
  try {
    for (let done = 0; done < count; done += 1) {
      signal?.throwIfAborted();
      while (started < count && running.length <= together) {
        const slice = await start(started);
        slice.written.catch(() => {});
        running.push(slice);
        started += 1;
      }
      const [slice] = running as [Slice];
      await slice.written;
      for await (const chunk of chunksOf(slice.file.path, buffer)) {
        hash.update(chunk);
        await target.appendFile(chunk);
        bytes += chunk.length;
      }
      running.shift();
      await slice.file[Symbol.asyncDispose]();
    }
  } finally {
    for (const { file, written } of running) {
      await written.catch(() => {});
      await file[Symbol.asyncDispose]();
    }
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** What is yielded is overwritten when the next is asked for. */
async function* chunksOf(path: string, buffer: Buffer): AsyncGenerator<Buffer> {
  await using handle: FileHandle = await open(path, "r");
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

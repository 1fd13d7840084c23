import { open } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { arrowLibrary } from "../../frame/arrow-library.ts";
import { fileError } from "../../system/files.ts";
import type { RowStream } from "./read.ts";

/** Bytes that may wait for the disk; the server is then not asked for more. */
const maxWaiting = 64 << 20;

/** Writes rows to an Arrow file as they arrive, in constant memory, and resolves with their number. */
export async function dumpRows({ schema, batches }: RowStream, path: string, frame: string): Promise<number> {
  const { RecordBatchFileWriter } = arrowLibrary();
  const writer = new RecordBatchFileWriter();
  const chunks = writer[Symbol.asyncIterator]();
  await using file = await open(path, "wx", 0o600).catch((cause: unknown) => {
    throw fileError(cause, { doing: `write ${path}`, storage: "postgres", frame });
  });
  let waiting = 0;
  let failed = false;
  const written = (async () => {
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
      const chunk: Uint8Array = next.value;
      for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
      waiting -= chunk.length;
    }
  })();
  // It is awaited below; a disk that fills up meanwhile must not end the process.
  written.catch(() => {
    failed = true;
  });
  let rows = 0;
  writer.reset(undefined, schema);
  for await (const batch of batches) {
    waiting += batch.data.byteLength;
    writer.write(batch);
    rows += batch.numRows;
    while (waiting > maxWaiting && !failed) await nextTurn();
    if (failed) break;
  }
  writer.finish();
  await written.catch((cause: unknown) => {
    throw fileError(cause, { doing: `write ${path}`, storage: "postgres", frame });
  });
  return rows;
}

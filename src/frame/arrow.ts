import { open } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { RecordBatch, Table } from "apache-arrow";
import { columnsOf, heightOf, ipcBytesOf } from "./access.ts";
import { arrowLibrary } from "./arrow-library.ts";
import { exchangeFile, systemTemp } from "./exchange.ts";
import { readIpc, writeIpc } from "./ipc.ts";
import { type DataFrame, pl } from "./polars.ts";
import { typesOf } from "./schema.ts";
import type { ColumnType } from "./types.ts";

/** Cells up to which the synchronous way is short enough (a few milliseconds). */
const fewCells = 20_000;
/** Rows of a batch that is written at once. */
const batchRows = 32_768;

/**
 * A frame's bytes as an Arrow table: each batch gives `values`, `valueOffsets` and `nullBitmap` as typed arrays, without a
 * copy. Strings are LargeUtf8 and bytes LargeBinary (64-bit offsets), never views. The table is a copy of the frame; the event
 * loop stays free while it is made.
 */
export async function toArrow(df: DataFrame, config = systemTemp): Promise<Table> {
  const cells = heightOf(df) * columnsOf(df).length;
  if (cells <= fewCells && typesOf(df).every(isFixedWidth)) {
    return arrowLibrary().tableFromIPC(ipcBytesOf(df));
  }
  await using file = await exchangeFile(config, cells * 24);
  await writeIpc(df, file.path);
  return arrowLibrary().tableFromIPC(await readWhole(file.path));
}

/**
 * The frame of an Arrow table, of any origin that Arrow's own file format can carry. The event loop stays free.
 */
export async function fromArrow(table: Table, config = systemTemp): Promise<DataFrame> {
  if (table.numRows * table.numCols <= fewCells)
    return pl.readIPC(Buffer.from(arrowLibrary().tableToIPC(table, "file")));
  const bytes = table.batches.reduce((sum, batch) => sum + batch.data.byteLength, 0);
  await using file = await exchangeFile(config, bytes);
  await writeTable(table, file.path);
  return await readIpc(file.path);
}

/** Text, bytes and nested columns come as views from the synchronous writer, so they take the other way. */
function isFixedWidth({ kind }: ColumnType): boolean {
  return !["string", "binary", "categorical", "enum", "list", "array", "struct"].includes(kind);
}

async function writeTable(table: Table, path: string): Promise<void> {
  const { RecordBatchFileWriter } = arrowLibrary();
  const writer = new RecordBatchFileWriter();
  const chunks = writer[Symbol.asyncIterator]();
  await using file = await open(path, "wx", 0o600);
  const drained = (async () => {
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
      const chunk: Uint8Array = next.value;
      for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
    }
  })();
  drained.catch(() => {});
  if (table.batches.length === 0) writer.reset(undefined, table.schema);
  for (const batch of table.batches) {
    for (const piece of pieces(batch)) {
      writer.write(piece);
      await nextTurn();
    }
  }
  writer.finish();
  await drained;
}

function* pieces(batch: RecordBatch): Generator<RecordBatch> {
  yield batch.numRows <= batchRows ? batch : batch.slice(0, batchRows);
  for (let at = batchRows; at < batch.numRows; at += batchRows) yield batch.slice(at, at + batchRows);
}

/** In pieces: one read takes 2 GiB at most, and pieces let an abort of the process through. */
async function readWhole(path: string): Promise<Uint8Array> {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  const bytes = Buffer.allocUnsafeSlow(size);
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(bytes, at, Math.min(size - at, 64 * 2 ** 20), at);
    if (bytesRead === 0) throw new Error(`${path} became shorter while it was read.`);
    at += bytesRead;
  }
  return bytes;
}

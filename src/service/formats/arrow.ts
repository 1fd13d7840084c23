import type { AsyncByteQueue } from "apache-arrow";
import { toArrow } from "../../frame/arrow.ts";
import { arrowLibrary } from "../../frame/arrow-library.ts";
import type { DataFrame } from "../../frame/polars.ts";

/** An Arrow IPC stream: the schema, the record batches of each piece, the end. */
export async function* arrowOf(pieces: AsyncIterable<DataFrame>): AsyncGenerator<Uint8Array> {
  const { AsyncByteQueue, RecordBatchStreamWriter } = arrowLibrary();
  const written: Uint8Array[] = [];
  // Takes what the writer writes at once, where the library's own would have to be waited for.
  class Sink extends AsyncByteQueue {
    override write(bytes: Parameters<AsyncByteQueue["write"]>[0]): void {
      if (bytes instanceof Uint8Array) written.push(bytes);
    }
  }
  const writer = new RecordBatchStreamWriter();
  let isOpen = false;
  for await (const piece of pieces) {
    const table = await toArrow(piece);
    if (!isOpen) writer.reset(new Sink(), table.schema);
    isOpen = true;
    for (const batch of table.batches) writer.write(batch);
    yield Buffer.concat(written.splice(0));
  }
  writer.finish();
  yield Buffer.concat(written.splice(0));
}

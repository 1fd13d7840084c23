import { readFile } from "node:fs/promises";
import type { AsyncByteQueue } from "apache-arrow";
import type { Config } from "../../config/settings.ts";
import { columnsOf, heightOf } from "../../frame/access.ts";
import { arrowLibrary } from "../../frame/arrow-library.ts";
import { exchangeFile } from "../../frame/exchange.ts";
import { writeIpc } from "../../frame/ipc.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { messagesOf } from "./arrow-file.ts";

/** What a stream ends with. */
const end = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

/**
 * An Arrow IPC stream: the schema, the batches of each piece, the end. Polars writes each piece as an Arrow file, whose batches are sent on as
 * they stand there.
 */
export async function* arrowOf(pieces: AsyncIterable<DataFrame>, config: Config): AsyncGenerator<Uint8Array> {
  let isOpen = false;
  for await (const piece of pieces) {
    await using file = await exchangeFile(config, heightOf(piece) * columnsOf(piece).length * 24);
    await writeIpc(piece, file.path);
    const bytes = await readFile(file.path);
    if (!isOpen) yield schemaMessage(bytes);
    isOpen = true;
    yield* messagesOf(bytes);
  }
  yield end;
}

function schemaMessage(file: Uint8Array): Uint8Array {
  const { AsyncByteQueue, RecordBatchStreamWriter, RecordBatchReader } = arrowLibrary();
  const written: Uint8Array[] = [];
  // Takes what the writer writes at once, where the library's own would have to be waited for.
  class Sink extends AsyncByteQueue {
    override write(bytes: Parameters<AsyncByteQueue["write"]>[0]): void {
      if (bytes instanceof Uint8Array) written.push(bytes);
    }
  }
  const { schema } = RecordBatchReader.from(file).open();
  new RecordBatchStreamWriter().reset(new Sink(), schema);
  return Buffer.concat(written);
}

import type { Duplex } from "node:stream";
import type { Submittable } from "pg";

/** Bytes that may wait to be read; the server is then not asked for more. */
const maxWaiting = 1 << 20;

/** `d`: a piece of COPY's bytes. PostgreSQL sends one for each row. */
const copyData = 0x64;
/** `C` the command is complete, `E` it failed: the driver takes over again. */
const last = new Set([0x43, 0x45]);
/** `N` a notice, `S` a setting that changed, `A` a notification. */
const forDriver = new Set([0x4e, 0x53, 0x41]);

/**
 * The bytes that `COPY … TO STDOUT` gives, as they arrive: `client.query(new CopyOut(sql))`, then iterate it once. Leaving it in the
 * middle ends the connection. Reads the socket itself, since the driver makes a buffer for every row, which takes longer than to
 * decode it. The protocol's messages:
 *
 *     byte     what it is
 *     int32    length of this number and the content
 *     bytes    content
 */
export class CopyOut implements Submittable, AsyncIterable<Buffer> {
  /** Known once all bytes have been read. */
  rowCount = 0;
  readonly #sql: string;
  #socket: Duplex | undefined;
  #driver: ((bytes: Buffer) => void) | undefined;
  /** The beginning of a message that has not come whole. */
  #rest: Buffer | null = null;
  /** Bytes that are still to come of a piece that has begun. */
  #remaining = 0;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #wake: (() => void) | undefined;
  #error: unknown;
  #done = false;

  constructor(sql: string) {
    this.#sql = sql;
  }

  /** Called by the driver, as are the next ones. */
  submit(connection: Parameters<Submittable["submit"]>[0]): void {
    const socket: Duplex = connection.stream;
    const [driver] = socket.listeners("data");
    this.#socket = socket;
    this.#driver = driver as (bytes: Buffer) => void;
    socket.removeListener("data", this.#driver);
    socket.on("data", this.#take);
    (connection as unknown as { query(sql: string): void }).query(this.#sql);
  }

  handleError(error: unknown): void {
    this.#giveBack(null);
    this.#error = error;
    this.#end();
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.rowCount = Number(/^COPY (\d+)$/.exec(text)?.[1] ?? 0);
  }

  handleReadyForQuery(): void {
    this.#end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    try {
      for (;;) {
        for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
          this.#waitingBytes -= next.length;
          if (this.#waitingBytes < maxWaiting) this.#socket?.resume();
          yield next;
        }
        if (this.#error !== undefined) throw this.#error;
        if (this.#done) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      // Left in the middle: nothing else could use the connection before all rows have come.
      if (!this.#done) this.#socket?.destroy();
    }
  }

  /** Moves the pieces of a chunk together, so that they can be read as one. */
  readonly #take = (bytes: Buffer): void => {
    const [chunk, start] = this.#continue(bytes);
    let at = start;
    let end = 0;
    while (at < chunk.length) {
      if (this.#remaining > 0) {
        const length = Math.min(this.#remaining, chunk.length - at);
        chunk.copyWithin(end, at, at + length);
        this.#remaining -= length;
        at += length;
        end += length;
        continue;
      }
      const kind = chunk[at] as number;
      if (last.has(kind)) {
        this.#giveBack(chunk.subarray(at), chunk.subarray(0, end));
        return;
      }
      const length = chunk.length - at < 5 ? Number.POSITIVE_INFINITY : chunk.readInt32BE(at + 1);
      if (kind === copyData && length < Number.POSITIVE_INFINITY) {
        this.#remaining = length - 4;
        at += 5;
      } else if (at + 1 + length > chunk.length) {
        this.#rest = Buffer.from(chunk.subarray(at));
        break;
      } else {
        // Notices and the like are for the driver; those that begin and end the bytes are for nobody.
        if (forDriver.has(kind)) this.#driver?.(chunk.subarray(at, at + 1 + length));
        at += 1 + length;
      }
    }
    this.#add(chunk.subarray(0, end));
  };

  /** Goes on with a message that was cut: where its head only is missing, nothing has to be copied. */
  #continue(bytes: Buffer): [chunk: Buffer, start: number] {
    const rest = this.#rest;
    this.#rest = null;
    if (!rest) return [bytes, 0];
    const missing = 5 - rest.length;
    if (rest[0] !== copyData || missing <= 0 || bytes.length < missing) return [Buffer.concat([rest, bytes]), 0];
    this.#remaining = Buffer.concat([rest, bytes.subarray(0, missing)]).readInt32BE(1) - 4;
    return [bytes, missing];
  }

  #add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= maxWaiting) this.#socket?.pause();
    this.#wake?.();
  }

  /** Lets the driver read the socket again, from these bytes on. */
  #giveBack(rest: Buffer | null, before: Buffer = Buffer.alloc(0)): void {
    const driver = this.#driver;
    if (!driver || !this.#socket) return;
    this.#driver = undefined;
    this.#socket.removeListener("data", this.#take);
    this.#socket.on("data", driver);
    this.#add(before);
    this.#socket.resume();
    if (rest) driver(rest);
  }

  #end(): void {
    this.#done = true;
    this.#wake?.();
  }
}

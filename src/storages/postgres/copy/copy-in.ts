import type { Duplex } from "node:stream";
import type { Submittable } from "pg";

/** What the driver's connection can do besides what its types say. */
interface CopyConnection {
  readonly stream: Duplex;
  query(sql: string): void;
  endCopyFrom(): void;
  sendCopyFail(reason: string): void;
}

/** `d`: a piece of COPY's bytes, as in copy-out.ts. */
const copyData = 0x64;

/**
 * The bytes that `COPY … FROM STDIN` takes: `client.query(new CopyIn(sql))`, then `send` them, one call after the other, and `finish`,
 * or `fail`. Writes to the socket itself, so that the room of bytes that are sent can be used again: fresh room for each piece
 * would keep the garbage collector busy.
 */
export class CopyIn implements Submittable {
  readonly #sql: string;
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #connection: CopyConnection | undefined;
  #rows = 0;

  constructor(sql: string) {
    this.#sql = sql;
    this.#ready.promise.catch(() => {});
    this.#ended.promise.catch(() => {});
  }

  /** Resolves once the bytes have left, and may be overwritten. @throws what the server says against the rows so far. */
  async send(bytes: Buffer): Promise<void> {
    const { stream } = await this.#opened();
    const head = Buffer.allocUnsafe(5);
    head[0] = copyData;
    head.writeInt32BE(bytes.length + 4, 1);
    await new Promise<void>((resolve, reject) => {
      stream.cork();
      stream.write(head);
      // What ended the connection is known to the driver.
      stream.write(bytes, (error) => (error ? this.#ended.promise.then(resolve, reject) : resolve()));
      stream.uncork();
    });
  }

  /** Resolves with the number of rows that the server has counted. */
  async finish(): Promise<number> {
    (await this.#opened()).endCopyFrom();
    await this.#ended.promise;
    return this.#rows;
  }

  /** Gives up: the server undoes the command. Resolves when it has ended. */
  async fail(): Promise<void> {
    await this.#opened().then(
      (connection) => connection.sendCopyFail("millrace gave up"),
      () => {},
    );
    await this.#ended.promise.catch(() => {});
  }

  /** Called by the driver, as are the next ones. */
  submit(connection: Parameters<Submittable["submit"]>[0]): void {
    this.#connection = connection as unknown as CopyConnection;
    this.#connection.query(this.#sql);
  }

  handleCopyInResponse(): void {
    this.#ready.resolve();
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.#rows = Number(/^COPY (\d+)$/.exec(text)?.[1] ?? 0);
  }

  handleError(error: unknown): void {
    this.#connection = undefined;
    this.#ready.reject(error);
    this.#ended.reject(error);
  }

  handleReadyForQuery(): void {
    this.#ended.resolve();
  }

  /** The connection, once the server takes rows. After an error it is no longer this command's. */
  async #opened(): Promise<CopyConnection> {
    await this.#ready.promise;
    if (!this.#connection) await this.#ended.promise;
    return this.#connection as CopyConnection;
  }
}

import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { UnavailableError } from "../../errors.ts";

/** What the worker said when it could not do something. */
export class WorkerFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The worker did not answer in time: hung, or too slow. It has to be killed, so that the next request gets a fresh one. */
export class WorkerTimeout extends Error {}

/** The connection ended before an answer came. */
export class WorkerGone extends Error {}

export type Reply = Record<string, unknown>;

interface Pending {
  resolve(reply: Reply): void;
  reject(cause: Error): void;
  timer: NodeJS.Timeout;
}

/**
 * One connection to a worker: numbered requests, answered in any order. While a request is open the connection keeps this
 * process alive, else it does not.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  #number = 0;
  #ended = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.unref();
    socket.on("error", () => this.#end());
    socket.on("close", () => this.#end());
    const lines = createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY });
    lines.on("line", (line) => this.#receive(line));
    lines.on("error", () => this.#end());
  }

  /** Connects, or resolves with null when nothing listens there. */
  static open(path: string): Promise<Connection | null> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once("connect", () => {
        socket.removeAllListeners("error");
        resolve(new Connection(socket));
      });
      socket.once("error", (cause: NodeJS.ErrnoException) => {
        if (["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE", "EAGAIN"].includes(cause.code ?? "")) resolve(null);
        else
          reject(
            new UnavailableError(`Could not reach ArcticDB's worker: ${cause.message}.`, { storage: "arctic", cause }),
          );
      });
    });
  }

  /** Whether requests can still be sent. */
  get open(): boolean {
    return !this.#ended;
  }

  /**
   * Sends a request and resolves with its answer.
   *
   * @param onSent is given the request's number, which `cancel` takes.
   * @throws WorkerFailure, WorkerTimeout or WorkerGone.
   */
  request(op: string, fields: object, timeoutMs: number, onSent?: (number: number) => void): Promise<Reply> {
    if (this.#ended) return Promise.reject(new WorkerGone("The connection to the worker has ended."));
    this.#number += 1;
    const id = this.#number;
    const answer = new Promise<Reply>((resolve, reject) => {
      const timer = setTimeout(() => {
        // Where this process itself was held up, the answer may be here, and is read before what is set immediately.
        setImmediate(() => this.#settle(id)?.reject(new WorkerTimeout(`No answer to ${op} within ${timeoutMs} ms.`)));
      }, timeoutMs);
      this.#pending.set(id, { resolve, reject, timer });
    });
    this.#socket.ref();
    this.#socket.write(`${JSON.stringify({ ...fields, id, op })}\n`);
    onSent?.(id);
    return answer;
  }

  /** Tells the worker that nobody waits for a request any more: what has not begun is not done, and what it read is dropped. */
  cancel(number: number): void {
    if (!this.#ended) this.#socket.write(`${JSON.stringify({ op: "cancel", target: number })}\n`);
  }

  close(): void {
    this.#socket.destroy();
    this.#end();
  }

  #receive(line: string): void {
    const { id, ok, error } = JSON.parse(line) as { id: number; ok?: Reply; error?: { code: string; message: string } };
    const pending = this.#settle(id);
    if (error) pending?.reject(new WorkerFailure(error.code, error.message));
    else pending?.resolve(ok ?? {});
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending) clearTimeout(pending.timer);
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#socket.unref();
    return pending;
  }

  #end(): void {
    this.#ended = true;
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(new WorkerGone("The worker ended."));
  }
}

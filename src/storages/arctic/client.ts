import type { Config } from "../../config/settings.ts";
import type { Logger } from "../../contracts/logger.ts";
import { UnavailableError } from "../../errors.ts";
import { abortable } from "../../system/abort.ts";
import { type Connection, type Reply, WorkerFailure, WorkerGone, WorkerTimeout } from "./connection.ts";
import { type Asked, arcticError } from "./failure.ts";
import { hasNoRoom, isCutShort } from "./lmdb-file.ts";
import type { ArcticPlace } from "./uri.ts";
import { neededEnvironment, presentEnvironment } from "./use-environment.ts";
import { reachWorker, workerSocket } from "./worker.ts";
import { killWorker } from "./worker-place.ts";

/** How a request is sent, and what its errors say. */
export interface RequestOptions extends Pick<Asked, "doing" | "frame"> {
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
  /** It changes something: waits for the outcome although aborted, since the worker says whether it had begun. */
  finish?: boolean;
  /** Leaves a worker that does not answer in time to those that it works for. */
  spareWorker?: boolean;
  /** Is told the request's number on its connection, which `on` and `cancel` take. */
  onSent?: (number: number, connection: Connection) => void;
  /** Only on this connection, because what is asked for exists there alone. */
  on?: Connection | undefined;
}

/**
 * Requests to the worker of one place. It is reached on the first request, and again after it was lost. A request whose worker
 * dies or does not answer in time rejects with an UnavailableError; the next one gets a fresh worker.
 */
export class WorkerClient {
  readonly place: ArcticPlace;
  readonly config: Config;
  readonly #logger: Logger;
  #reaching: Promise<Connection> | null = null;
  #closed = false;

  constructor(place: ArcticPlace, config: Config, logger: Logger) {
    this.place = place;
    this.config = config;
    this.#logger = logger;
  }

  /** Starts the worker in the background where the environment is installed, so that the first request need not wait for it. */
  warm(): void {
    if (this.#reaching) return;
    void presentEnvironment(this.config)
      .then((environment) => (environment && !this.#closed ? this.#reach() : null))
      .catch(() => {}); // The first request meets the same failure, and tells it.
  }

  /** Sockets of the worker of this place; none when nothing is installed. */
  async sockets(): Promise<string[]> {
    const environment = await presentEnvironment(this.config).catch(() => null);
    return environment ? [workerSocket(this.place, environment)] : [];
  }

  async request(op: string, fields: object, options: RequestOptions): Promise<Reply> {
    const {
      doing,
      frame,
      signal,
      finish = false,
      spareWorker = false,
      timeoutMs = this.config.ARCTIC_TIMEOUT,
      onSent,
      on,
    } = options;
    signal?.throwIfAborted();
    let connection: Connection | null = null;
    let number = 0;
    const onAbort = () => connection?.cancel(number);
    try {
      const reached = on ?? (await abortable(this.#reach(), signal));
      connection = reached;
      signal?.throwIfAborted();
      const answer = reached.request(op, { library: this.place.library, ...fields }, timeoutMs, (sent) => {
        number = sent;
        onSent?.(sent, reached);
      });
      signal?.addEventListener("abort", onAbort, { once: true });
      return await (finish ? answer : abortable(answer, signal));
    } catch (cause) {
      if (cause instanceof WorkerFailure && cause.code === "cancelled") signal?.throwIfAborted();
      if (cause instanceof WorkerTimeout && !spareWorker) await this.#end(connection);
      const store = await this.#stateOfStore(cause, finish);
      throw arcticError(cause, {
        place: this.place,
        doing,
        ...(store && { store }),
        ...(frame !== undefined && { frame }),
      });
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const connection = await this.#reaching?.catch(() => null);
    connection?.close();
  }

  /** What became of a local store, where that explains a failure. */
  async #stateOfStore(cause: unknown, changes: boolean): Promise<Asked["store"]> {
    const { folder, library } = this.place;
    const gone = cause instanceof WorkerGone;
    const unexplained = cause instanceof WorkerFailure && cause.code === "failed";
    if (changes && (gone || unexplained) && (await hasNoRoom(folder))) return "full";
    return gone && (await isCutShort(folder, library)) ? "cut short" : undefined;
  }

  /** A worker that hangs is ended, so that the next request gets a fresh one. */
  async #end(connection: Connection | null): Promise<void> {
    for (const socket of await this.sockets()) await killWorker(socket);
    connection?.close();
  }

  async #reach(): Promise<Connection> {
    if (this.#closed) throw new UnavailableError("This arctic storage was closed.", { storage: "arctic" });
    const before = this.#reaching;
    const there = await before?.catch(() => null);
    if (there?.open) return there;
    if (this.#reaching !== before) return this.#reach();
    this.#reaching = this.#connect();
    return this.#reaching;
  }

  async #connect(): Promise<Connection> {
    const environment = await neededEnvironment(this.config, this.#logger);
    return reachWorker(this.place, environment, this.config.ARCTIC_IDLE);
  }
}

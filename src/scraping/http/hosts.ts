import { PageError, retryAfterOf } from "../page-error.ts";
import { type Fetch, headerOf } from "./exchange.ts";
import { wait } from "./wait.ts";

/** How one host is treated. */
export interface HostManners {
  /** Requests at once. */
  readonly concurrency: number;
  /** Milliseconds between the beginnings of two requests. */
  readonly delay: number;
  /** Milliseconds that a host may ask to be left alone (Retry-After); asked for more, the page fails at once. */
  readonly maxWait: number;
}

/** What this process knows of a host, whichever scraper asks it. */
class Host {
  #active = 0;
  #next = 0;
  #pausedUntil = 0;
  readonly #waiting = new Set<() => void>();

  async enter({ concurrency, delay, maxWait }: HostManners, url: string, signal?: AbortSignal): Promise<void> {
    while (this.#active >= concurrency) await this.#turn(signal);
    this.#active++;
    try {
      for (let pause = this.#pause(); pause > 0; pause = this.#pause()) {
        if (pause > maxWait && this.#pausedUntil > this.#next) throw pausedTooLong(url, pause, maxWait);
        await wait(pause, signal);
        signal?.throwIfAborted();
      }
      this.#next = Date.now() + delay;
    } catch (error) {
      this.leave();
      throw error;
    }
  }

  /** Waits until somebody left. Who no longer wants a turn takes none away. */
  async #turn(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = () => {
      this.#waiting.delete(resolve);
      reject(signal?.reason);
    };
    this.#waiting.add(resolve);
    signal?.addEventListener("abort", onAbort, { once: true });
    await promise.finally(() => signal?.removeEventListener("abort", onAbort));
  }

  leave(): void {
    this.#active--;
    const [next] = this.#waiting;
    if (!next) return;
    this.#waiting.delete(next);
    next();
  }

  pauseFor(milliseconds: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, Date.now() + milliseconds);
  }

  /** Milliseconds until a request may begin. */
  #pause(): number {
    return Math.max(this.#next, this.#pausedUntil) - Date.now();
  }
}

const hosts = new Map<string, Host>();

/** Keeps to what a host is to be asked at once, how fast, and to what it says with Retry-After, over all scrapers of the process. */
export function keepPace(next: Fetch, mannersOf: (url: string) => HostManners): Fetch {
  return async (request) => {
    const { host: name } = new URL(request.url);
    const host = hosts.get(name) ?? new Host();
    hosts.set(name, host);
    const manners = mannersOf(request.url);
    await host.enter(manners, request.url, request.signal);
    try {
      const answer = await next(request);
      const after =
        answer.status === 429 || answer.status === 503
          ? retryAfterOf(headerOf(answer.headers, "retry-after"))
          : undefined;
      if (after !== undefined) host.pauseFor(after);
      return answer;
    } finally {
      host.leave();
    }
  };
}

function pausedTooLong(url: string, pause: number, maxWait: number): PageError {
  return new PageError(url, {
    code: "LIMIT_EXCEEDED",
    retryAfter: pause,
    reason: `asks to be left alone for ${Math.ceil(pause / 1_000)} s`,
    hint: `Scrape it later, or raise \`maxWait\` (${maxWait} ms) in the source.`,
  });
}

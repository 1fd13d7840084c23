import type { RunEvent } from "../contracts/run-event.ts";
import type { QueuePlace } from "./place.ts";

/** PostgreSQL takes no longer message. */
const mostBytes = 7_900;
/** Events wait so long for others: a message for each would cost as much as a source. */
const gatherMs = 40;
/** Progress of one source is told no more often. */
const progressMs = 250;

/** Tells events of runs to whoever follows them. They are for the eye: what counts stands in the ledger. */
export class Notices {
  readonly #place: QueuePlace;
  readonly #waiting = new Map<string, string[]>();
  readonly #progress = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(place: QueuePlace) {
    this.#place = place;
  }

  tell(channelRun: string, event: RunEvent): void {
    if (event.type === "source-progress" && !this.#mayTell(event)) return;
    const text = JSON.stringify(event);
    if (Buffer.byteLength(text) > mostBytes - 2) return;
    const waiting = this.#waiting.get(channelRun) ?? [];
    waiting.push(text);
    this.#waiting.set(channelRun, waiting);
    this.#timer ??= setTimeout(() => void this.flush(), gatherMs);
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const messages = [...this.#waiting].flatMap(([run, texts]) => packed(texts).map((text) => [channelOf(run), text]));
    this.#waiting.clear();
    if (messages.length === 0) return;
    const sql =
      "SELECT pg_catalog.pg_notify(channel, text) FROM unnest($1::text[], $2::text[]) AS message (channel, text)";
    const columns = [messages.map(([channel]) => channel), messages.map(([, text]) => text)];
    await this.#place.sql(sql, columns).catch(() => {});
  }

  #mayTell({ run, step, source }: Extract<RunEvent, { type: "source-progress" }>): boolean {
    const key = `${run}/${step}/${source}`;
    const now = performance.now();
    if (now - (this.#progress.get(key) ?? -progressMs) < progressMs) return false;
    if (this.#progress.size > 10_000) this.#progress.clear();
    this.#progress.set(key, now);
    return true;
  }
}

/** Hears the events of a run. */
export async function listenTo(
  place: QueuePlace,
  run: string,
  heard: (event: RunEvent) => void,
): Promise<AsyncDisposable> {
  const listening = await place.db.listen?.(
    channelOf(run),
    (payload) => {
      for (const event of JSON.parse(payload) as RunEvent[]) heard({ ...event, at: new Date(event.at) });
    },
    () => {},
  );
  return { [Symbol.asyncDispose]: async () => listening?.close() };
}

function channelOf(run: string): string {
  return `millrace_${run.replace(/\W/g, "_")}`;
}

function packed(texts: readonly string[]): string[] {
  const messages: string[][] = [[]];
  let bytes = 2;
  for (const text of texts) {
    const own = Buffer.byteLength(text) + 1;
    if (bytes + own > mostBytes) {
      messages.push([]);
      bytes = 2;
    }
    messages.at(-1)?.push(text);
    bytes += own;
  }
  return messages.map((all) => `[${all.join(",")}]`);
}

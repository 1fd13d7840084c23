import type { RunEvent } from "../contracts/run-event.ts";
import { packed, unpacked } from "./packing.ts";
import type { QueuePlace } from "./place.ts";

/** Events wait so long for others: a message for each would cost as much as a source. */
const gatherMs = 40;
/** Progress of one source is told no more often. */
const progressMs = 250;

/** Tells events of runs to whoever follows them. They are for the eye: what counts stands in the ledger. */
export class Notices {
  readonly #place: QueuePlace;
  /** By the run whose followers hear of it. */
  readonly #waiting = new Map<string, RunEvent[]>();
  readonly #progress = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(place: QueuePlace) {
    this.#place = place;
  }

  tell(channelRun: string, event: RunEvent): void {
    if (event.type === "source-progress" && !this.#mayTell(event)) return;
    const waiting = this.#waiting.get(channelRun);
    if (waiting) waiting.push(event);
    else this.#waiting.set(channelRun, [event]);
    this.#timer ??= setTimeout(() => void this.flush(), gatherMs);
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const messages = [...this.#waiting].flatMap(([run, events]) =>
      packed(events).map((text) => [channelOf(run), text]),
    );
    this.#waiting.clear();
    if (messages.length === 0) return;
    const sql =
      "SELECT pg_catalog.pg_notify(channel, text) FROM unnest($1::text[], $2::text[]) AS message (channel, text)";
    const columns = [messages.map(([channel]) => channel), messages.map(([, text]) => text)];
    await this.#place.sql(sql, columns).catch(() => {});
  }

  /** The queue knows what became of the run: whoever follows it can read that. */
  async ended(run: string): Promise<void> {
    await this.flush();
    await this.#place.sql("SELECT pg_catalog.pg_notify($1, $2)", [channelOf(run), endedText]).catch(() => {});
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

const endedText = "ended";

/** Hears the events of a run, and that it has ended. */
export function listenTo(
  place: QueuePlace,
  run: string,
  heard: (event: RunEvent) => void,
  ended: () => void,
): Promise<AsyncDisposable> {
  return place.listen(channelOf(run), (payload) => {
    if (payload === endedText) ended();
    else for (const event of unpacked(payload)) heard(event);
  });
}

function channelOf(run: string): string {
  return `millrace_${run.replace(/\W/g, "_")}`;
}

import type { RunEvent } from "../contracts/run-event.ts";

/** PostgreSQL takes no longer message. */
const mostBytes = 7_900;

type Ended = Extract<RunEvent, { type: "source-ended" }>;
type Started = Extract<RunEvent, { type: "source-started" }>;
type Bare<T> = T extends RunEvent ? Omit<T, "at" | "run" | "pipeline"> : never;

/** An event less what is the same for the whole message. A source that began and ended since the last message is one event. */
type Packed = Bare<RunEvent> & { readonly at: number; readonly began?: number };

/** Events of one run in messages as long as PostgreSQL takes them. What is longer by itself is left out. */
export function packed(events: readonly RunEvent[]): string[] {
  return [...Map.groupBy(joined(events), ({ event }) => JSON.stringify([event.run, event.pipeline]))].flatMap(
    ([head, all]) => messages(head, all.map(textOf)),
  );
}

export function* unpacked(message: string): Generator<RunEvent> {
  const [[run, pipeline], ...events] = JSON.parse(message) as [[string, string], ...Packed[]];
  for (const { at, began, ...event } of events) {
    if (began !== undefined && event.type === "source-ended") {
      const { step, source, attempts: attempt } = event;
      yield { type: "source-started", at: new Date(began), run, pipeline, step, source, attempt } satisfies Started;
    }
    yield { ...event, at: new Date(at), run, pipeline } as RunEvent;
  }
}

interface Joined {
  readonly event: RunEvent;
  readonly began: number | undefined;
}

function joined(events: readonly RunEvent[]): Joined[] {
  const started = new Map<string, Started>();
  const key = ({ run, step, source }: Started | Ended) => `${run}\n${step}\n${source}`;
  const ends = new Map<Ended, Started>();
  for (const event of events) {
    if (event.type === "source-started") started.set(key(event), event);
    else if (event.type === "source-ended") {
      const begin = started.get(key(event));
      if (begin?.attempt === event.attempts) ends.set(event, begin);
    }
  }
  const left = new Set<RunEvent>(ends.values());
  return events
    .filter((event) => !left.has(event))
    .map((event) => ({ event, began: ends.get(event as Ended)?.at.getTime() }));
}

function textOf({ event: { at, run: _, pipeline: __, ...bare }, began }: Joined): string {
  return JSON.stringify({ ...bare, at: at.getTime(), began });
}

function messages(head: string, texts: readonly string[]): string[] {
  const found: string[] = [];
  let [message, bytes] = [head, Buffer.byteLength(head)];
  const empty = bytes;
  for (const text of texts) {
    const own = Buffer.byteLength(text) + 1;
    if (own + empty > mostBytes) continue;
    if (bytes + own > mostBytes) {
      found.push(`[${message}]`);
      [message, bytes] = [head, empty];
    }
    message += `,${text}`;
    bytes += own;
  }
  return bytes > empty ? [...found, `[${message}]`] : found;
}

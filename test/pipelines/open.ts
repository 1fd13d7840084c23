import type { RunEvent } from "../../src/contracts/run-event.ts";
import { frame } from "../../src/frame/frame.ts";
import { records } from "../../src/frame/records.ts";
import { openFactory } from "../storages/factory.ts";

/** A factory in a folder of its own, with what tests of pipelines ask of it. */
export async function openPlace(more: Record<string, unknown> = {}) {
  const opened = await openFactory(more);
  const { factory } = opened;
  const events: RunEvent[] = [];
  const types = () => events.map((event) => event.type);
  return {
    ...opened,
    /** What a run is given. */
    options: { factory, show: "none", signals: false, onEvent: (event: RunEvent) => void events.push(event) } as const,
    events,
    types,
    async save(type: string, name: string, rows: Parameters<typeof frame>[0], mode: "replace" | "append" = "replace") {
      await factory.createDataSaver(type).saveData(frame(rows as never, schema), name, { mode });
    },
    async rows(type: string, name: string) {
      return records(await factory.createDataSource(type).getData(name));
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

export type Opened = Awaited<ReturnType<typeof openPlace>>;

export const schema = { ts: "datetime[us]?", symbol: "string", close: "float64?" } as const;

/** Rows of one symbol, a minute apart. */
export function prices(symbol: string, count: number, firstMinute = 0) {
  return Array.from({ length: count }, (_, index) => {
    const minute = firstMinute + index;
    return { ts: new Date(Date.UTC(2024, 0, 1, 0, minute)).toISOString().slice(0, -1), symbol, close: minute + 0.5 };
  });
}

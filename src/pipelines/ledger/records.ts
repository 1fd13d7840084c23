import type {
  CursorRecord,
  KeptError,
  RunRecord,
  RunRequest,
  RunSpent,
  SourceRecord,
  StepRecord,
  TouchBefore,
  TouchRecord,
} from "../../contracts/ledger.ts";

type Row = Readonly<Record<string, unknown>>;

const text = (value: unknown): string => String(value);
const textOrNull = (value: unknown): string | null => (value === null || value === undefined ? null : String(value));
const dateOrNull = (value: unknown): Date | null =>
  value === null || value === undefined ? null : new Date(String(value));
const json = <T>(value: unknown): T | null =>
  value === null || value === undefined ? null : (JSON.parse(String(value)) as T);

export function runOf(row: Row): RunRecord {
  return {
    id: text(row.id),
    pipeline: text(row.pipeline),
    version: text(row.version),
    state: text(row.state) as RunRecord["state"],
    began: new Date(text(row.began)),
    ended: dateOrNull(row.ended),
    resumed: Number(row.resumed),
    by: text(row.by),
    request: json<RunRequest>(row.request) ?? {},
    parent: textOrNull(row.parent),
    rows: Number(row.rows),
    bytes: Number(row.bytes),
    error: json<KeptError>(row.error),
    spent: json<RunSpent>(row.spent),
  };
}

export function stepOf(row: Row): StepRecord {
  return {
    run: text(row.run),
    index: Number(row.place),
    name: text(row.name),
    kind: text(row.kind),
    state: text(row.state) as StepRecord["state"],
    began: dateOrNull(row.began),
    ended: dateOrNull(row.ended),
    rows: Number(row.rows),
    bytes: Number(row.bytes),
    error: json<KeptError>(row.error),
  };
}

export function sourceOf(row: Row): SourceRecord {
  return {
    run: text(row.run),
    step: text(row.step),
    source: text(row.source),
    state: text(row.state) as SourceRecord["state"],
    attempts: Number(row.attempts),
    rows: Number(row.rows),
    bytes: Number(row.bytes),
    durationMs: Number(row.milliseconds),
    error: json<KeptError>(row.error),
    cursor: textOrNull(row.cursor),
    note: textOrNull(row.note),
  };
}

export function cursorOf(row: Row): CursorRecord {
  return {
    pipeline: text(row.pipeline),
    reader: text(row.reader),
    value: text(row.value),
    run: textOrNull(row.run),
    changed: new Date(text(row.changed)),
    forced: Number(row.forced) === 1,
  };
}

export function touchOf(row: Row): TouchRecord {
  return {
    run: text(row.run),
    step: text(row.step),
    storage: text(row.storage),
    type: text(row.type),
    destination: text(row.destination),
    sequence: Number(row.sequence),
    before: json<TouchBefore>(row.before),
  };
}

import type {
  Claim,
  CursorRecord,
  ILedger,
  RunRecord,
  SourceRecord,
  SourceTotals,
  StepRecord,
  TouchRecord,
} from "../../contracts/ledger.ts";
import { ConfigError } from "../../errors.ts";
import { cursorOf, runOf, sourceOf, stepOf, touchOf } from "./records.ts";
import type { SqlPlace } from "./sql.ts";

type Keyed = Pick<TouchRecord, "run" | "storage" | "destination">;

/** Writes what became of a source where many end at once; undefined for what it leaves to the ledger. */
export type KeepSource = (record: SourceRecord) => Promise<void> | undefined;

/** Runs of a pipeline whose sources are all kept. */
const detailed = 50;

const now = () => new Date().toISOString();
const json = (value: unknown): string | null => (value === null || value === undefined ? null : JSON.stringify(value));

/** A ledger in SQL that SQLite and PostgreSQL both take: one set of statements, so that both mean the same. */
export class SqlLedger implements ILedger {
  readonly #place: SqlPlace;
  readonly #t: string;
  readonly #keep: KeepSource | undefined;

  constructor(place: SqlPlace, keep?: KeepSource) {
    this.#place = place;
    this.#t = place.prefix;
    this.#keep = keep;
  }

  /**
   * The same ledger for a try that another process may take over: nothing is written once `lost` is aborted or the statement fails.
   * Sources that `keep` takes are written by it.
   */
  fenced(statement: string, lost: AbortSignal, keep?: KeepSource): SqlLedger {
    const place = this.#place.fenced?.(statement);
    if (!place) throw new ConfigError("Only a ledger in PostgreSQL can be shared by workers.");
    const held = (): void => lost.throwIfAborted();
    const fenced: SqlPlace = {
      ...this.#place,
      run: async (sql, values) => {
        held();
        return place.run(sql, values);
      },
      batch: async (statements) => {
        held();
        return place.batch(statements);
      },
      async [Symbol.asyncDispose]() {},
    };
    return new SqlLedger(fenced, keep);
  }

  claim(pipeline: string): Promise<Claim | null> {
    return this.#place.claim(pipeline);
  }

  async beginRun(run: Parameters<ILedger["beginRun"]>[0]): Promise<void> {
    const { id, pipeline, version, by, request, parent } = run;
    await this.#place.batch([
      this.#interrupt(pipeline),
      [
        `INSERT INTO ${this.#t}runs (id, pipeline, version, state, began, resumed, by, request, parent, rows, bytes)
         VALUES (?1, ?2, ?3, 'running', ?4, 0, ?5, ?6, ?7, 0, 0)`,
        [id, pipeline, version, now(), by, JSON.stringify(request), parent],
      ],
    ]);
  }

  async resumeRun(id: string, by: string): Promise<void> {
    await this.#place.run(
      `UPDATE ${this.#t}runs SET state = 'running', resumed = resumed + 1, ended = NULL, error = NULL, by = ?2 WHERE id = ?1`,
      [id, by],
    );
  }

  async endRun(id: string, { state, rows, bytes, error, spent }: Parameters<ILedger["endRun"]>[1]): Promise<void> {
    await this.#place.run(
      `UPDATE ${this.#t}runs SET state = ?2, ended = ?3, rows = ?4, bytes = ?5, error = ?6, spent = COALESCE(?7, spent) WHERE id = ?1`,
      [id, state, now(), rows, bytes, json(error), json(spent)],
    );
  }

  async runs({ pipeline, parent, limit = 100 }: Parameters<ILedger["runs"]>[0] = {}): Promise<RunRecord[]> {
    const wanted = Object.entries({ pipeline, parent }).filter(([, value]) => value !== undefined) as [
      string,
      string,
    ][];
    const where = wanted.map(([column], index) => `${column} = ?${index + 1}`).join(" AND ") || "true";
    const sql = `SELECT * FROM ${this.#t}runs WHERE ${where} ORDER BY began DESC, id DESC LIMIT ?${wanted.length + 1}`;
    const select = () => this.#place.run(sql, [...wanted.map(([, value]) => value), limit]);
    const found = (await select()).map(runOf);
    return (await this.#interruptDead(found)) ? (await select()).map(runOf) : found;
  }

  async run(id: string): Promise<RunRecord | null> {
    const select = async () => {
      const [row] = await this.#place.run(`SELECT * FROM ${this.#t}runs WHERE id = ?1`, [id]);
      return row ? runOf(row) : null;
    };
    const found = await select();
    return found && (await this.#interruptDead([found])) ? select() : found;
  }

  async putStep(step: StepRecord): Promise<void> {
    const { run, index, name, kind, state, began, ended, rows, bytes, error } = step;
    await this.#place.run(
      `INSERT INTO ${this.#t}steps (run, place, name, kind, state, began, ended, rows, bytes, error)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
       ON CONFLICT (run, name) DO UPDATE SET state = excluded.state, began = excluded.began, ended = excluded.ended,
         rows = excluded.rows, bytes = excluded.bytes, error = excluded.error`,
      [
        ...[run, index, name, kind, state, began?.toISOString() ?? null, ended?.toISOString() ?? null],
        ...[rows, bytes, json(error)],
      ],
    );
  }

  async steps(run: string): Promise<StepRecord[]> {
    const rows = await this.#place.run(`SELECT * FROM ${this.#t}steps WHERE run = ?1 ORDER BY place`, [run]);
    return rows.map(stepOf);
  }

  async putSource(record: SourceRecord): Promise<void> {
    const kept = this.#keep?.(record);
    if (kept) return kept;
    const { run, step, source, state, attempts, rows, bytes, durationMs, error, cursor, note } = record;
    await this.#place.run(
      `INSERT INTO ${this.#t}sources (run, step, source, state, attempts, rows, bytes, milliseconds, error, cursor, note)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
       ON CONFLICT (run, step, source) DO UPDATE SET state = excluded.state, attempts = excluded.attempts, rows = excluded.rows,
         bytes = excluded.bytes, milliseconds = excluded.milliseconds, error = excluded.error, cursor = excluded.cursor,
         note = excluded.note`,
      [run, step, source, state, attempts, rows, bytes, Math.round(durationMs), json(error), cursor, note],
    );
  }

  async sources(run: string, ...about: [step?: string, source?: string]): Promise<SourceRecord[]> {
    const given = about.filter((value) => value !== undefined);
    const where = given.map((_, index) => ` AND ${index === 0 ? "step" : "source"} = ?${index + 2}`).join("");
    const sql = `SELECT * FROM ${this.#t}sources WHERE run = ?1${where} ORDER BY step, source`;
    return (await this.#place.run(sql, [run, ...given])).map(sourceOf);
  }

  async sourceTotals(run: string, step: string): Promise<SourceTotals> {
    const [row] = await this.#place.run(
      `SELECT count(*) AS count, coalesce(sum(CASE WHEN state = 'failed' THEN 1 ELSE 0 END), 0) AS failed,
         coalesce(sum(rows), 0) AS rows, coalesce(sum(bytes), 0) AS bytes FROM ${this.#t}sources WHERE run = ?1 AND step = ?2`,
      [run, step],
    );
    const { count, failed, rows, bytes } = row ?? {};
    return { count: Number(count), failed: Number(failed), rows: Number(rows), bytes: Number(bytes) };
  }

  async putCursor({ pipeline, reader, value, run, forced }: Parameters<ILedger["putCursor"]>[0]): Promise<void> {
    await this.#place.run(
      `INSERT INTO ${this.#t}cursors (pipeline, reader, value, run, changed, forced) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
       ON CONFLICT (pipeline, reader) DO UPDATE SET value = excluded.value, run = excluded.run, changed = excluded.changed,
         forced = excluded.forced`,
      [pipeline, reader, value, run, now(), forced ? 1 : 0],
    );
  }

  async cursors(pipeline: string): Promise<CursorRecord[]> {
    const sql = `SELECT * FROM ${this.#t}cursors WHERE pipeline = ?1 ORDER BY reader`;
    return (await this.#place.run(sql, [pipeline])).map(cursorOf);
  }

  async dropCursors(pipeline: string, reader?: string): Promise<void> {
    if (reader === undefined) await this.#place.run(`DELETE FROM ${this.#t}cursors WHERE pipeline = ?1`, [pipeline]);
    else await this.#place.run(`DELETE FROM ${this.#t}cursors WHERE pipeline = ?1 AND reader = ?2`, [pipeline, reader]);
  }

  async recall(kind: string, name: string): Promise<string | null> {
    const [row] = await this.#place.run(`SELECT value FROM ${this.#t}memory WHERE kind = ?1 AND name = ?2`, [
      kind,
      name,
    ]);
    return row ? String(row.value) : null;
  }

  async remember(kind: string, name: string, value: string, previous?: string | null): Promise<boolean> {
    if (typeof previous === "string") {
      const sql = `UPDATE ${this.#t}memory SET value = ?3 WHERE kind = ?1 AND name = ?2 AND value = ?4 RETURNING name`;
      return (await this.#place.run(sql, [kind, name, value, previous])).length > 0;
    }
    const onConflict = previous === null ? "NOTHING" : "UPDATE SET value = excluded.value";
    const sql = `INSERT INTO ${this.#t}memory (kind, name, value) VALUES (?1, ?2, ?3)
      ON CONFLICT (kind, name) DO ${onConflict} RETURNING name`;
    return (await this.#place.run(sql, [kind, name, value])).length > 0;
  }

  async lastScheduled(pipeline: string): Promise<Date | null> {
    const text = await this.recall("schedule", pipeline);
    return text === null ? null : new Date(text);
  }

  claimScheduled(pipeline: string, due: Date, previous: Date | null): Promise<boolean> {
    return this.remember("schedule", pipeline, due.toISOString(), previous?.toISOString() ?? null);
  }

  lastCalculation(key: string): Promise<string | null> {
    return this.recall("calculation", key);
  }

  async keepCalculation(key: string, stamp: string): Promise<void> {
    await this.remember("calculation", key, stamp);
  }

  async prune(pipeline: string, keep: number): Promise<TouchRecord[]> {
    const old = `SELECT id FROM ${this.#t}runs WHERE pipeline = ?1 AND state <> 'running'
      ORDER BY began DESC, id DESC LIMIT 1000 OFFSET ?2`;
    const values = [pipeline, keep];
    await this.#dropDetails(pipeline, Math.min(keep, detailed));
    if ((await this.#place.run(old, values)).length === 0) return [];
    const drop = (table: string, column = "run") =>
      [`DELETE FROM ${this.#t}${table} WHERE ${column} IN (${old})`, values] as const;
    const [touches = []] = await this.#place.batch([
      [`SELECT * FROM ${this.#t}touches WHERE run IN (${old})`, values],
      ...[drop("touches"), drop("sources"), drop("steps"), drop("runs", "id")],
    ]);
    return touches.map(touchOf);
  }

  /** Of runs that are not among the newest, what went well is told by their steps. Each run drops that of one. */
  async #dropDetails(pipeline: string, keep: number): Promise<void> {
    const one = `SELECT id FROM ${this.#t}runs WHERE pipeline = ?1 AND state = 'done' ORDER BY began DESC, id DESC LIMIT 1 OFFSET ?2`;
    const values = [pipeline, keep];
    const [found] = await this.#place.run(one, values);
    if (!found) return;
    await this.#place.batch([
      [`DELETE FROM ${this.#t}sources WHERE run IN (${one}) AND state IN ('done', 'skipped')`, values],
      [`DELETE FROM ${this.#t}touches WHERE run IN (${one}) AND before IS NULL`, values],
    ]);
  }

  async putTouch({ run, step, storage, type, destination, before }: Parameters<ILedger["putTouch"]>[0]): Promise<void> {
    await this.#place.run(
      `INSERT INTO ${this.#t}touches (run, storage, type, destination, before, step, sequence)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, (SELECT coalesce(max(sequence), 0) + 1 FROM ${this.#t}touches))
       ON CONFLICT (run, storage, destination) DO NOTHING`,
      [run, storage, type, destination, json(before), step],
    );
  }

  async touches(filter: { run: string } | { storage: string; destination: string }): Promise<TouchRecord[]> {
    const sql = `SELECT * FROM ${this.#t}touches WHERE`;
    const rows =
      "run" in filter
        ? await this.#place.run(`${sql} run = ?1 ORDER BY sequence`, [filter.run])
        : await this.#place.run(`${sql} storage = ?1 AND destination = ?2 ORDER BY sequence`, [
            filter.storage,
            filter.destination,
          ]);
    return rows.map(touchOf);
  }

  async forgetBefore({ run, storage, destination }: Keyed): Promise<void> {
    await this.#place.run(
      `UPDATE ${this.#t}touches SET before = NULL WHERE run = ?1 AND storage = ?2 AND destination = ?3`,
      [run, storage, destination],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#place[Symbol.asyncDispose]();
  }

  /** Whoever holds a pipeline's claim knows that no other process runs it. */
  #interrupt(pipeline: string) {
    const sql = `UPDATE ${this.#t}runs SET state = 'interrupted' WHERE pipeline = ?1 AND state = 'running'`;
    return [sql, [pipeline]] as const;
  }

  async #interruptDead(runs: readonly RunRecord[]): Promise<boolean> {
    const pipelines = new Set(runs.filter(({ state }) => state === "running").map(({ pipeline }) => pipeline));
    let changed = false;
    for (const pipeline of pipelines) {
      await using claim = await this.claim(pipeline);
      if (!claim) continue;
      await this.#place.run(...this.#interrupt(pipeline));
      changed = true;
    }
    return changed;
  }
}

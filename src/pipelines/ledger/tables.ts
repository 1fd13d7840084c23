/** Grows when the tables change in a way that older programs would misread. */
export const ledgerVersion = 2;

/** The ledger's tables, in SQL that both engines take. Each statement can be run again. Times are ISO text in UTC, errors JSON. */
export function tableStatements(prefix: string): string[] {
  return [
    `CREATE TABLE IF NOT EXISTS ${prefix}runs (
      id text PRIMARY KEY, pipeline text NOT NULL, version text NOT NULL, state text NOT NULL, began text NOT NULL, ended text,
      resumed integer NOT NULL, by text NOT NULL, request text NOT NULL, parent text, rows bigint NOT NULL, bytes bigint NOT NULL,
      error text, spent text)`,
    `CREATE INDEX IF NOT EXISTS runs_pipeline ON ${prefix}runs (pipeline, began)`,
    `CREATE TABLE IF NOT EXISTS ${prefix}steps (
      run text NOT NULL, place integer NOT NULL, name text NOT NULL, kind text NOT NULL, state text NOT NULL, began text,
      ended text, rows bigint NOT NULL, bytes bigint NOT NULL, error text, PRIMARY KEY (run, name))`,
    `CREATE TABLE IF NOT EXISTS ${prefix}sources (
      run text NOT NULL, step text NOT NULL, source text NOT NULL, state text NOT NULL, attempts integer NOT NULL,
      rows bigint NOT NULL, bytes bigint NOT NULL, milliseconds bigint NOT NULL, error text, cursor text, note text,
      PRIMARY KEY (run, step, source))`,
    `CREATE TABLE IF NOT EXISTS ${prefix}cursors (
      pipeline text NOT NULL, reader text NOT NULL, value text NOT NULL, run text, changed text NOT NULL, forced integer NOT NULL,
      PRIMARY KEY (pipeline, reader))`,
    `CREATE TABLE IF NOT EXISTS ${prefix}touches (
      run text NOT NULL, step text NOT NULL, storage text NOT NULL, type text NOT NULL, destination text NOT NULL, sequence bigint NOT NULL,
      before text, PRIMARY KEY (run, storage, destination))`,
    `CREATE INDEX IF NOT EXISTS touches_destination ON ${prefix}touches (storage, destination)`,
    `CREATE INDEX IF NOT EXISTS touches_sequence ON ${prefix}touches (sequence)`,
    `CREATE TABLE IF NOT EXISTS ${prefix}memory (
      kind text NOT NULL, name text NOT NULL, value text NOT NULL, PRIMARY KEY (kind, name))`,
  ];
}

/** A column that older ledgers lack. */
export const addedColumn = { table: "runs", name: "spent", type: "text" } as const;

import type { Claim } from "../../contracts/ledger.ts";

/** A value that can be bound to a statement. */
export type SqlValue = string | number | null;

/** Rows by column; numbers may come as text. */
export type SqlRows = readonly Readonly<Record<string, unknown>>[];

/** Runs one statement whose parameters are written `?1`, `?2` … */
export type RunSql = (sql: string, values?: readonly SqlValue[]) => Promise<SqlRows>;

/** A database that a ledger lies in. */
export interface SqlPlace extends AsyncDisposable {
  /** What stands before every table's name. */
  readonly prefix: string;
  readonly run: RunSql;
  /** All of them or none; the rows of each. */
  batch(statements: readonly (readonly [sql: string, values: readonly SqlValue[]])[]): Promise<SqlRows[]>;
  /** The same place, where every write begins with that statement and is not done when it fails. Only servers have it. */
  fenced?(statement: string): Pick<SqlPlace, "run" | "batch">;
  /** Null when somebody else holds it. The claim ends with its process, however that ends. */
  claim(name: string): Promise<Claim | null>;
}

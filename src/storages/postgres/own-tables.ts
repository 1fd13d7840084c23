import { type Database, type Rows, readWrite } from "./database.ts";
import { literal } from "./identifiers.ts";
import type { PostgresParts } from "./parts.ts";

/**
 * Statements on millrace's own tables, for what keeps its books in the same database. Values come as text. `first` comes before
 * the others in their transaction: when it fails, none is done.
 */
export interface OwnTables {
  /** One statement, with its rows. */
  run(sql: string, values?: readonly unknown[], first?: string): Promise<Rows>;
  /** All of them in one transaction; the rows of each. */
  batch(statements: readonly (readonly [sql: string, values: readonly unknown[]])[], first?: string): Promise<Rows[]>;
  /**
   * Holds a name on the server: null when somebody else does. The server frees it when the connection ends, so also when this
   * process is killed. `lost` is aborted when the connection was lost.
   */
  hold(name: string): Promise<(AsyncDisposable & { readonly lost: AbortSignal }) | null>;
}

const holdSql = "SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended($1, 7105108102)) AS held";

/** A connection that nothing is asked of for long may be ended by a firewall. */
const pingMs = 20_000;

export function ownTables({ database }: PostgresParts): OwnTables {
  return {
    run: (sql, values = [], first = undefined) =>
      database.use({ doing: "save" }, ({ run, together }) =>
        first === undefined ? run(sql, values) : together(first, inlined(sql, values)),
      ),
    batch: (statements, first) =>
      database.use({ doing: "save", begin: readWrite, first }, async ({ run }) => {
        const results = [];
        for (const [sql, values] of statements) results.push(await run(sql, values));
        return results;
      }),
    hold: (name) => hold(database, name),
  };
}

/** One message can hold several statements, in one transaction, where none has parameters. */
function inlined(sql: string, values: readonly unknown[]): string {
  return sql.replace(/\$(\d+)/g, (_, place: string) => {
    const value = values[Number(place) - 1];
    if (value === null || value === undefined) return "NULL";
    return typeof value === "number" ? `(${value})` : literal(String(value));
  });
}

async function hold(database: Database, name: string) {
  const session = await database.open({ doing: "save" });
  const { client, run } = session.connection;
  const [row] = await run(holdSql, [name]).catch(async (cause: unknown) => {
    throw await session.fail(cause);
  });
  if (row?.held !== "t") {
    await session.finish();
    return null;
  }
  const lost = new AbortController();
  const lose = () => lost.abort(new Error("The connection that held the pipeline was lost."));
  for (const event of ["error", "end"] as const) client.once(event, lose);
  const ping = setInterval(() => run("SELECT 1").catch(lose), pingMs).unref();
  return {
    lost: lost.signal,
    async [Symbol.asyncDispose]() {
      clearInterval(ping);
      for (const event of ["error", "end"] as const) client.off(event, lose);
      // With the connection goes the lock, whatever state it is in.
      session.abandon();
    },
  };
}

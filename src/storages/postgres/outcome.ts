import { setTimeout as sleep } from "node:timers/promises";
import { SaveError } from "../../errors.ts";
import type { Database, Use } from "./database.ts";

/** Waits between looks: the server may start anew, or not have seen yet that the connection is gone. */
const waitsMs = [0, 50, 100, 200, 500, 1_000, 2_000, 4_000, 8_000];

/**
 * Finds out whether a transaction whose COMMIT got no reply took place: its number is the token that the server keeps. Resolves
 * when it did. An abort ends the search.
 *
 * @param lost the error to throw when it did not: nothing was changed, so that trying again is safe.
 * @throws SaveError OUTCOME_UNKNOWN when the server can't tell. Trying again could then do it twice.
 */
export async function afterLostCommit(database: Database, transaction: string, use: Use, lost: unknown): Promise<void> {
  let cause = lost;
  for (const waitMs of waitsMs) {
    await sleep(waitMs, undefined, { signal: use.signal }).catch(() => {});
    if (use.signal?.aborted) break;
    try {
      const status = await statusOf(database, transaction, use.frame);
      if (status === "committed") return;
      if (status === "aborted") throw lost;
      if (status === null) break;
    } catch (error) {
      if (error === lost) throw lost;
      cause = error;
    }
  }
  const what = use.doing === "delete" ? "deletion" : "save";
  throw new SaveError(
    `The connection was lost while the ${what} was being completed, and the server can't tell whether it took place.`,
    {
      storage: "postgres",
      code: "OUTCOME_UNKNOWN",
      cause,
      ...(use.frame !== undefined && { frame: use.frame }),
      hint: "Read the table before you save again: the data is either the old or the new, whole.",
    },
  );
}

async function statusOf(database: Database, transaction: string, frame: string | undefined): Promise<string | null> {
  const sql = "SELECT pg_catalog.pg_xact_status($1::xid8) AS status";
  const [row] = await database.use({ doing: "read", frame }, ({ run }) => run(sql, [transaction]));
  return row?.status ?? null;
}

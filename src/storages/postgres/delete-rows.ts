import { SaveError } from "../../errors.ts";
import type { Relation } from "./catalog.ts";
import type { Connection } from "./database.ts";
import { quoteTable, type TableName } from "./identifiers.ts";

/** Triggers before the deletion of a row (1 row, 2 before, 8 delete) and rules can keep rows, row security can hide them. */
const keepersSql = `
  SELECT pg_catalog.row_security_active($1::oid) AS hides,
    EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = $1 AND NOT tgisinternal AND tgtype & 11 = 11)
    OR EXISTS (SELECT FROM pg_catalog.pg_rewrite WHERE ev_class = $1 AND ev_type = '4') AS keeps`;

/**
 * Deletes the rows of a table, called `t`, of which `where` is true.
 *
 * @throws SaveError when something of the table would leave old rows among the new ones, of which the server says nothing.
 */
export async function deleteRows(
  { run }: Connection,
  { oid }: Relation,
  { frame, name }: { frame: string; name: TableName },
  where = "true",
): Promise<void> {
  const [keepers] = await run(keepersSql, [oid]);
  const refuse = (what: string, hint: string) =>
    new SaveError(`The rows of ${frame} can't be replaced: ${what}.`, { storage: "postgres", frame, hint });
  if (keepers?.hides === "t") {
    throw refuse("row level security hides some of them from this user", "Save as the table's owner.");
  }
  const rows = `FROM ${quoteTable(name)} t WHERE ${where}`;
  await run(`DELETE ${rows}`);
  if (keepers?.keeps !== "t") return;
  const [kept] = await run(`SELECT 1 ${rows} LIMIT 1`);
  if (kept)
    throw refuse("a trigger or a rule of the table keeps some of them", "Disable it, or delete those rows first.");
}

import type { FoundMarks } from "../marks.ts";
import { findRelation, type Table } from "./catalog.ts";
import { readOnly } from "./database.ts";
import { readKept } from "./kept-frame.ts";
import type { PostgresParts } from "./parts.ts";

/** The marks kept with a table. What was kept of a table that was dropped and made again by another program is gone. */
export function marksIn(table: Pick<Table, "kept"> | null): FoundMarks {
  if (!table) return null;
  return table.kept ? (table.kept.marks ?? { parts: [], cursors: [] }) : "changed";
}

/** Looks them up, in a transaction of its own. */
export async function marksOfTable({ database, table }: PostgresParts, frame: string): Promise<FoundMarks> {
  const name = table(frame);
  return database.use({ doing: "read", frame, name, begin: readOnly }, async (connection) => {
    const relation = await findRelation(connection, name);
    return marksIn(relation && { kept: await readKept(connection, relation.oid) });
  });
}

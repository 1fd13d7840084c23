import { isScratchName } from "../../backups/service.ts";
import { ConflictError } from "../../errors.ts";
import { findRelation } from "./catalog.ts";
import { readWrite } from "./database.ts";
import { quoteTable, refuseServersOwn } from "./identifiers.ts";
import { removeKept } from "./kept-frame.ts";
import { metadataRights, recordChanges } from "./metadata.ts";
import type { PostgresParts } from "./parts.ts";

/**
 * Drops a table and what is kept of its frame. False when there was none.
 *
 * @throws ConflictError for a view, which another program made; SaveError when views or foreign keys need the table.
 */
export async function deleteTable({ database, table }: PostgresParts, frame: string): Promise<boolean> {
  const name = table(frame);
  refuseServersOwn(name, frame);
  const use = { doing: "delete" as const, frame, name, begin: readWrite };
  return database.use(use, async (connection) => {
    const relation = await findRelation(connection, name);
    if (!relation) return false;
    if (relation.kind !== "r" && relation.kind !== "p") {
      throw new ConflictError(`${frame} is no table but a view or a foreign table.`, {
        storage: "postgres",
        frame,
        code: "NAME_CONFLICT",
        hint: `Drop it by hand if nothing needs it: DROP VIEW ${quoteTable(name)};`,
      });
    }
    const sql = `DROP TABLE ${quoteTable(name)}`;
    await connection.run(sql);
    await removeKept(connection, relation.oid);
    const { changes } = await metadataRights(connection);
    if (changes && !isScratchName(name.table))
      await recordChanges(connection, relation.oid, name, [{ sql, reason: "deleteData was called" }]);
    return true;
  });
}

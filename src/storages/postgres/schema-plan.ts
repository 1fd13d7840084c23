import { readOnly } from "./database.ts";
import { metadataRights, missingMetadata } from "./metadata.ts";
import type { PostgresParts } from "./parts.ts";
import { findTarget } from "./save.ts";
import { type PlannedStatement, planSave, type SaveRequest } from "./save-plan.ts";

/** What a save would change in the database besides rows. */
export interface SchemaPlan {
  /** In the order in which the save runs them; empty when nothing changes. */
  readonly statements: readonly PlannedStatement[];
}

/** Looks, and touches nothing. */
export async function planSchema({ database }: PostgresParts, request: SaveRequest): Promise<SchemaPlan> {
  return database.use({ doing: "read", frame: request.frame, begin: readOnly }, async (connection) => {
    const own = await missingMetadata(connection);
    const hasMetadata = own.length > 0 || (await metadataRights(connection)).frames;
    const { before, after } = planSave(await findTarget(connection, request, hasMetadata), request);
    return { statements: [...own, ...before, ...after] };
  });
}

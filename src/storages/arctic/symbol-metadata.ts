import { z } from "zod";

const column = z.object({ name: z.string(), type: z.string(), nullable: z.boolean(), stored: z.string() });

const layout = z.object({
  /** Grows when the layout changes in a way that older programs would misread. */
  format: z.literal(1),
  columns: z.array(column),
  index: z.string().nullable(),
  timeColumn: z.string().optional(),
  key: z.array(z.string()).optional(),
  /** Names this one save, so that its outcome can be found out when the worker dies before it answers. */
  save: z.string(),
  saved: z.string(),
  /** Earlier versions that millrace saved and that still stand, oldest first. */
  versions: z.array(z.number()),
});

/** What millrace keeps with each version of a symbol, as JSON text under the key `millrace` of ArcticDB's own metadata. */
export type SymbolMetadata = z.output<typeof layout>;

/** Null for a version that another program wrote, or a later millrace in a layout that is not known here. */
export function parseMetadata(text: unknown): SymbolMetadata | null {
  if (typeof text !== "string") return null;
  try {
    return layout.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

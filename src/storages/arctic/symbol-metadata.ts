import { hostname } from "node:os";
import { z } from "zod";
import type { Logger } from "../../contracts/logger.ts";
import { marksShape } from "../marks.ts";

const column = z.object({ name: z.string(), type: z.string(), nullable: z.boolean(), stored: z.string() });

const layout = z.object({
  /** Grows when the layout changes in a way that older programs would misread. */
  format: z.literal(1),
  columns: z.array(column),
  index: z.string().nullable(),
  timeColumn: z.string().optional(),
  key: z.array(z.string()).optional(),
  /** How many small appends came since the pieces that they leave were merged. */
  appends: z.number().optional(),
  /** Names this one save, so that its outcome can be found out when the worker dies before it answers. */
  save: z.string(),
  saved: z.string(),
  /** Who saved it. */
  by: z.object({ service: z.string().optional(), host: z.string(), pid: z.number() }).optional(),
  /** The run that saved it, of a pipeline. */
  run: z.object({ id: z.string(), part: z.string() }).optional(),
  /** Runs that saved it and earlier versions. */
  marks: marksShape.optional(),
  /** Earlier versions that millrace saved, oldest first: those that still stand, and some that do no more. */
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

/** Who saves. The service's name stands in its logger, when that is one of `getConfigLogger`. */
export function savedBy(logger: Logger): NonNullable<SymbolMetadata["by"]> {
  const bindings: unknown = "bindings" in logger && typeof logger.bindings === "function" ? logger.bindings() : null;
  const service = bindings !== null && typeof bindings === "object" && "service" in bindings ? bindings.service : null;
  return { ...(typeof service === "string" && { service }), host: hostname(), pid: process.pid };
}

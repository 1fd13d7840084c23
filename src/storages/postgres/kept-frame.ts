import { z } from "zod";
import type { FrameSchema } from "../../contracts/frame-schema.ts";
import { type Marks, marksShape } from "../marks.ts";
import type { TableColumn } from "./catalog.ts";
import type { Connection } from "./database.ts";
import { metadataSchema, type TableName } from "./identifiers.ts";
import { metadataRights } from "./metadata.ts";

/** What millrace remembers of a frame beside its table, in `millrace.frames`. */
export interface KeptFrame {
  /** The frame's own columns, order and types. */
  readonly schema: FrameSchema;
  /** Type of every column of the table when it was saved. One that differs now was changed by another program, which wins. */
  readonly bound: readonly (readonly [column: string, sql: string])[];
  readonly timeColumn?: string | undefined;
  readonly key?: readonly string[] | undefined;
  /** The table has the column millrace_row, by which rows are read in the order in which they were saved. */
  readonly keepOrder: boolean;
  /** The runs that saved it. */
  readonly marks?: Marks | undefined;
  readonly saved: Date;
}

/** The types of a table's columns, as they are kept with its frame. */
export function boundOf(columns: readonly TableColumn[]): KeptFrame["bound"] {
  return columns.map(({ name, sql }) => [name, sql] as const);
}

/** What of it is JSON. */
export const keptShape = z.object({
  schema: z.object({ fields: z.array(z.object({ name: z.string(), type: z.string(), nullable: z.boolean() })) }),
  // Pairs: an object would lose a column called "__proto__".
  bound: z.array(z.tuple([z.string(), z.string()])),
  timeColumn: z.string().optional(),
  key: z.array(z.string()).optional(),
  keepOrder: z.boolean(),
  marks: marksShape.optional(),
});

/** What is kept of the table with that oid. A table that was dropped and made again has another oid, so nothing is kept of it. */
export async function readKept(connection: Connection, oid: string): Promise<KeptFrame | null> {
  if (!(await metadataRights(connection)).read) return null;
  const sql = `SELECT frame, extract(epoch FROM saved) AS saved FROM ${metadataSchema}.frames WHERE relid = $1`;
  const [row] = await connection.run(sql, [oid]);
  if (!row) return null;
  const parsed = keptShape.safeParse(JSON.parse(row.frame ?? "null"));
  return parsed.success ? { ...parsed.data, saved: new Date(Number(row.saved) * 1000) } : null;
}

const writeSql = `
  INSERT INTO ${metadataSchema}.frames (relid, name, frame, saved) VALUES ($1, $2, $3, now())
  ON CONFLICT (relid) DO UPDATE SET name = excluded.name, frame = excluded.frame, saved = excluded.saved`;

export async function writeKept(
  { run }: Connection,
  oid: string,
  { schema, table }: TableName,
  kept: Omit<KeptFrame, "saved">,
): Promise<void> {
  await run(writeSql, [oid, `${schema}.${table}`, JSON.stringify(keptShape.parse(kept))]);
}

export async function removeKept(connection: Connection, oid: string): Promise<void> {
  if (!(await metadataRights(connection)).frames) return;
  await connection.run(`DELETE FROM ${metadataSchema}.frames WHERE relid = $1`, [oid]);
}

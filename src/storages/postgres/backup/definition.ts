import { z } from "zod";

const texts = z.array(z.string());

/** When a trigger or a rule fires: `O` as usual, `D` never, `R` on a replica, `A` always. */
const firing = z.enum(["O", "D", "R", "A"]);

/** All that makes a table, as the server writes it, with every name qualified. It stands in the backup's manifest. */
export const tableDefinition = z.object({
  /** How rows.copy.zst holds the rows: binary where every type has the same bytes in every database, else text. */
  format: z.enum(["binary", "text"]),
  columns: z.array(
    z.object({
      name: z.string(),
      sql: z.string(),
      notNull: z.boolean(),
      default: z.string().nullable(),
      /** `a` always, `d` by default, or none. */
      identity: z.enum(["a", "d", ""]),
      /** `s` stored, `v` virtual, or none. Generated columns are not in the rows. */
      generated: z.enum(["s", "v", ""]),
      collation: z.string().nullable(),
    }),
  ),
  constraints: z.array(
    z.object({
      name: z.string(),
      /** `p` primary key, `u` unique, `c` check, `x` exclusion, `f` foreign key. */
      kind: z.enum(["p", "u", "c", "x", "f"]),
      sql: z.string(),
      /** What of `sql` names the table itself, for a foreign key to the own rows. */
      own: z.string().nullable(),
    }),
  ),
  /** `sql` is what follows the table's name. */
  indexes: z.array(z.object({ name: z.string(), unique: z.boolean(), sql: z.string() })),
  comments: z.array(
    z.object({ on: z.enum(["table", "column", "index", "constraint"]), name: z.string(), text: z.string() }),
  ),
  grants: z.array(
    z.object({ grantee: z.string(), privilege: z.string(), grantable: z.boolean(), column: z.string().nullable() }),
  ),
  /** Those that columns own, with the value that each had. */
  sequences: z.array(z.object({ column: z.string(), options: z.string(), value: z.string(), called: z.boolean() })),
  enums: z.array(z.object({ name: z.string(), labels: texts })),
  rowSecurity: z.boolean(),
  /** Row security holds for the owner too. */
  rowSecurityForced: z.boolean().default(false),
  /** `sql` is what follows the table's name: `CREATE POLICY … ON t` + `sql`. */
  policies: z.array(z.object({ name: z.string(), sql: z.string() })).default([]),
  /** `when` is what comes before the table's name, `sql` what follows it. */
  triggers: z.array(z.object({ name: z.string(), when: z.string(), sql: z.string(), firing })).default([]),
  /** Each a whole statement, in which the table can be named more than once. */
  rules: z.array(z.object({ name: z.string(), sql: z.string(), firing })).default([]),
  /** What is there and is not restored with a table that is made anew. */
  left: texts,
  /** What millrace kept of the frame. */
  kept: z.json(),
});

export type TableDefinition = z.output<typeof tableDefinition>;

/** The columns that rows hold. */
export function storedColumns({ columns }: TableDefinition): TableDefinition["columns"] {
  return columns.filter(({ generated }) => generated === "");
}

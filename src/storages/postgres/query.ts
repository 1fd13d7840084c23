import { SchemaError } from "../../errors.ts";
import { copyHeader, copyTrailer } from "./copy/format.ts";
import type { Connection } from "./database.ts";
import { type Instead, queryColumn, replaceTypes, selectExpression } from "./frame-columns.ts";
import { quote } from "./identifiers.ts";
import { type Selection, selection } from "./select.ts";
import type { Mapping } from "./types.ts";

/** What a query is in errors, where a frame's name would stand. */
export const queryFrame = "query";

/**
 * The SELECT around a user's query, and the columns it gives. The server parses the query alone, as one statement, before
 * anything is put around it.
 *
 * @throws SchemaError for two columns of one name.
 */
export async function selectQuery(
  { client, run }: Connection,
  sql: string,
  values: readonly unknown[],
  instead: Instead,
): Promise<Selection> {
  const inner = `(\n${sql.trim().replace(/;$/, "")}\n)`;
  // The extended protocol takes one statement only.
  const probe = { text: `SELECT * FROM ${inner} AS q LIMIT 0`, values: [...values], queryMode: "extended" };
  const { fields } = await client.query(probe);
  const names = fields.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new SchemaError(`The query gives two columns "${twice}".`, {
      storage: "postgres",
      hint: `Rename one in the query: … AS ${quote(`${twice}_2`)}.`,
    });
  }
  const types = await run(typesSql, [
    fields.map(({ dataTypeID }) => dataTypeID),
    fields.map(({ dataTypeModifier }) => dataTypeModifier),
  ]);
  const own = names.map((name, index) => queryColumn(name, types[index]?.sql ?? "text"));
  const columns = replaceTypes(own, instead);
  return selection(
    `SELECT ${columns.map((column) => selectExpression(column)).join(", ")} FROM ${inner} AS q`,
    columns,
  );
}

const typesSql = `
  SELECT pg_catalog.format_type(t, nullif(m, -1)) AS sql
  FROM unnest($1::oid[], $2::int[]) WITH ORDINALITY AS u(t, m, n) ORDER BY n`;

/** Functions that give a value's bytes as in binary COPY. */
const senders: Record<string, string> = {
  boolean: "boolsend",
  smallint: "int2send",
  integer: "int4send",
  bigint: "int8send",
  real: "float4send",
  "double precision": "float8send",
  text: "textsend",
  json: "json_send",
  bytea: "byteasend",
  date: "date_send",
  "time without time zone": "time_send",
  "timestamp without time zone": "timestamp_send",
  "timestamp with time zone": "timestamptz_send",
  interval: "interval_send",
};

function senderOf({ sql, wire }: Mapping): string {
  if (wire === "array") return "array_send";
  return wire === "numeric" ? "numeric_send" : (senders[sql] ?? "textsend");
}

/** Rows that are fetched at once. */
const fetchRows = 5_000;

/**
 * Rows of a selection with bound parameters, as binary COPY: `COPY` itself takes no parameters, so a cursor gives each value's
 * bytes as hexadecimal text.
 */
export async function* fetchBound(
  { client }: Connection,
  { sql, decoded }: Selection,
  values: readonly unknown[],
): AsyncGenerator<Buffer> {
  const sent = decoded.map(({ name, mapping }) => {
    return `pg_catalog.encode(pg_catalog.${senderOf(mapping)}(${quote(name)}::${mapping.sql}), 'hex')`;
  });
  const cursor = `DECLARE millrace_query NO SCROLL CURSOR FOR SELECT ${sent.join(", ")} FROM (${sql}) AS sent`;
  await client.query({ text: cursor, values: [...values] });
  yield copyHeader();
  for (;;) {
    const { rows } = await client.query<(string | null)[]>({
      text: `FETCH ${fetchRows} FROM millrace_query`,
      rowMode: "array",
    });
    if (rows.length === 0) break;
    yield Buffer.concat(rows.flatMap(encodeRow));
  }
  yield copyTrailer();
}

/** One row as described in copy-format.ts. */
function encodeRow(row: (string | null)[]): Buffer[] {
  const count = Buffer.alloc(2);
  count.writeInt16BE(row.length);
  return [count, ...row.flatMap(encodeField)];
}

function encodeField(hex: string | null): Buffer[] {
  const length = Buffer.alloc(4);
  length.writeInt32BE(hex === null ? -1 : hex.length / 2);
  return hex === null ? [length] : [length, Buffer.from(hex, "hex")];
}

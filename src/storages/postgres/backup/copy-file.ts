import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
// Not by name: an older Node lacks zstd, and would fail before the public door can say which Node is needed.
import zlib from "node:zlib";
import { CorruptDataError } from "../../../errors.ts";
import { errnoOf, fileError } from "../../../system/files.ts";
import { CopyIn } from "../copy/copy-in.ts";
import { CopyOut } from "../copy/copy-out.ts";
import type { Connection } from "../database.ts";
import { quote } from "../identifiers.ts";
import { storedColumns, type TableDefinition } from "./definition.ts";

/** The rows of a backup: what COPY gives, packed. */
export const rowsFile = "rows.copy.zst";

/** Writes what a table holds to a file, in constant memory, and resolves with the number of rows. */
export async function copyToFile(
  { client }: Connection,
  { table, definition, path }: { table: string; definition: TableDefinition; path: string },
): Promise<number> {
  const columns = storedColumns(definition).map(({ name }) => quote(name));
  const stream = client.query(
    new CopyOut(`COPY (SELECT ${columns.join(", ")} FROM ${table}) TO STDOUT (${options(definition)})`),
  );
  await pipeline(stream, zlib.createZstdCompress(), createWriteStream(path, { flags: "wx", mode: 0o600 })).catch(
    (cause: unknown) => {
      throw errnoOf(cause) === undefined ? cause : fileError(cause, { doing: `write ${path}`, storage: "postgres" });
    },
  );
  return stream.rowCount;
}

/** Copies a file's rows into a table, in constant memory, and resolves with the server's count of them. */
export async function copyFromFile(
  { client }: Connection,
  { table, definition, path }: { table: string; definition: TableDefinition; path: string },
): Promise<number> {
  const columns = storedColumns(definition).map(({ name }) => quote(name));
  const copy = client.query(new CopyIn(`COPY ${table} (${columns.join(", ")}) FROM STDIN (${options(definition)})`));
  try {
    for await (const bytes of unpackedRows(path)) await copy.send(bytes);
  } catch (cause) {
    await copy.fail();
    throw cause;
  }
  return copy.finish();
}

/** The bytes of a backup's rows. @throws CorruptDataError when the file is no whole one of its kind. */
export async function* unpackedRows(path: string): AsyncGenerator<Buffer> {
  const unpacked = zlib.createZstdDecompress();
  const filled = pipeline(createReadStream(path), unpacked);
  filled.catch(() => {});
  try {
    yield* unpacked;
    await filled;
  } catch (cause) {
    throw new CorruptDataError(`${path} can't be unpacked.`, { storage: "postgres", code: "BACKUP_CORRUPT", cause });
  }
}

export function options({ format }: TableDefinition): string {
  return format === "binary" ? "FORMAT binary" : "FORMAT text, ENCODING 'UTF8'";
}

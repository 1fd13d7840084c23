import type { DeclaredSchema } from "../../contracts/frame-schema.ts";
import { readSchema } from "../../frame/schema.ts";
import type { DownloadFormat } from "../download/format.ts";
import { define, type ScraperSource, type SourceDefinition } from "../source.ts";

/** What a source of a file is made of. */
export interface DownloadDefinition<Schema extends DeclaredSchema = DeclaredSchema>
  extends Omit<SourceDefinition<Schema>, "parse" | "rows" | "fields" | "next" | "follow" | "ready">,
    DownloadFormat {}

/**
 * A source that downloads a CSV or Parquet file, plain or in a zip archive. It goes to the disk, and its rows come in pieces. Names
 * in addresses, headers and archives never become paths; Parquet is read in a process of its own.
 */
export function downloadSource<const Schema extends DeclaredSchema>(
  definition: DownloadDefinition<Schema>,
): ScraperSource;
export function downloadSource({ format, entry, ...definition }: DownloadDefinition): ScraperSource {
  const made = define(
    { maxBytes: 2 * 2 ** 30, maxUnpacked: 16 * 2 ** 30, timeout: 600_000, ...definition },
    readSchema(definition.schema),
    undefined,
    {
      format,
      ...(entry !== undefined && { entry }),
    },
  );
  return { ...made, print: `${made.print} ${format} ${entry}` };
}

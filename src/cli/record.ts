import type { GlobalOptions } from "./options.ts";
import { printJson, printLines } from "./output.ts";
import { loadScraper } from "./scraper-file.ts";
import { inSession } from "./session.ts";

/** Fetches a scraper's sources, all or those named, into one archive, and saves nothing else: what a test replays. */
export function record(file: string, sources: readonly string[], out: string, options: GlobalOptions): Promise<void> {
  return inSession(options, async (session) => {
    const scraper = await loadScraper(file, session);
    const rows = await scraper.recordSources(out, sources);
    if (options.json) printJson({ archive: out, sources: rows });
    else printLines([out, ...Object.entries(rows).map(([source, count]) => `${source}: ${count} rows`)]);
  });
}

import type { IDataSaver } from "../contracts/data-saver.ts";
import type { ScrapeOptions } from "../scraping/scraper.ts";
import type { GlobalOptions } from "./options.ts";
import { printJson, printLines } from "./output.ts";
import { exitCodes, UsageError } from "./report-error.ts";
import { loadScraper } from "./scraper-file.ts";
import { inSession } from "./session.ts";

/** What the command was told. */
export interface ScrapeCommand {
  readonly to: string;
  readonly run?: string;
  readonly accept?: boolean;
  readonly record?: string;
  readonly replay?: string;
}

const runs = ["fresh", "resume", "retryFailed"] as const;

/** Scrapes a scraper's sources, all or those named, and prints what became of each. A source that failed decides the exit code. */
export function scrape(
  file: string,
  sources: readonly string[],
  command: ScrapeCommand,
  options: GlobalOptions,
): Promise<void> {
  return inSession(options, async (session) => {
    const scraper = await loadScraper(file, session);
    const saver: IDataSaver = session.factory.createDataSaver(command.to);
    const names = sources.length > 0 ? sources : await scraper.getAvailableSources();
    const failed = await scraper.scrapeSources(names, saver, optionsOf(command));
    const results = names.map((source) => ({ source, saved: !failed.includes(source) }));
    if (options.json) printJson(results);
    else
      printLines(
        results.map(({ source, saved }) =>
          saved ? `${command.to}:${source}` : `${source} failed; the old data stays`,
        ),
      );
    if (results.some(({ saved }) => !saved)) process.exitCode = exitCodes.failed;
  });
}

function optionsOf({ run, accept, record, replay }: ScrapeCommand): ScrapeOptions {
  const found = runs.find((each) => each === run);
  if (run !== undefined && !found)
    throw new UsageError(
      `There is no run "${run}".`,
      "It says what is fetched again.",
      `Take one of ${runs.join(", ")}.`,
    );
  return {
    ...(found && { run: found }),
    ...(accept && { accept }),
    ...(record !== undefined && { record }),
    ...(replay !== undefined && { replay }),
  };
}

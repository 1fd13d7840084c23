import type { IDataSaver } from "../contracts/data-saver.ts";
import { openLedger } from "../pipelines/ledger/open.ts";
import { scrapingFolder } from "../scraping/folders.ts";
import { fileMemory, type Memory } from "../scraping/gate/memory.ts";
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
    await using ledger = await openLedger(session.config, session.logger);
    const memory = bothMemories(ledger, fileMemory(scrapingFolder(session.config, scraper.name)));
    const names = sources.length > 0 ? sources : await scraper.getAvailableSources();
    const failed = await scraper.scrapeSources(names, saver, { ...optionsOf(command), memory });
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

/** Pipelines compare by the ledger and programs by files: what is accepted here holds for both. The ledger is asked first. */
function bothMemories(first: Memory, second: Memory): Memory {
  return {
    recall: async (kind, name) => (await first.recall(kind, name)) ?? second.recall(kind, name),
    async remember(kind, name, value) {
      const kept = await first.remember(kind, name, value);
      return (await second.remember(kind, name, value)) && kept;
    },
  };
}

function optionsOf({ run, accept, record, replay }: ScrapeCommand): ScrapeOptions {
  const found = runs.find((each) => each === run);
  if (run !== undefined && !found) throw UsageError.unknown("run", run, runs, ["scrape"]);
  return {
    ...(found && { run: found }),
    ...(accept && { accept }),
    ...(record !== undefined && { record }),
    ...(replay !== undefined && { replay }),
  };
}

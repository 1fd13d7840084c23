import type { Command } from "commander";
import type { ScrapeCommand } from "../scrape.ts";
import { furtherCommand, globals } from "./describe.ts";

const fileHelp = "the scraper's file, and its class where it has several: scraper.ts#MyScraper";

/** Commands about scrapers. */
export function scrapingCommands(program: Command): void {
  furtherCommand(program, "scrape", "scrape the sources of a scraper, and save them")
    .argument("<file>", fileHelp)
    .argument("[sources...]", "only these sources")
    .option("--to <storage>", "where the rows are saved", "csv")
    .option("--run <how>", "fresh, resume or retryFailed")
    .option("--accept", "take what differs from the last good runs for an intended change")
    .option("--record <path>", "keep every exchange in this archive (.warc.gz)")
    .option("--replay <path>", "take the answers from this archive in place of the network")
    .action(async (file: string, sources: string[], given: ScrapeCommand, self: Command) => {
      const { scrape } = await import("../scrape.ts");
      await scrape(file, sources, given, globals(self));
    });
  furtherCommand(program, "record", "record what a scraper fetches, for tests without a network")
    .argument("<file>", fileHelp)
    .argument("[sources...]", "only these sources")
    .requiredOption("--out <path>", "the archive: fixture.warc.gz")
    .action(async (file: string, sources: string[], { out }: { out: string }, self: Command) => {
      const { record } = await import("../record.ts");
      await record(file, sources, out, globals(self));
    });
}

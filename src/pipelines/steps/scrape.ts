import type { SaveOptions } from "../../contracts/save-options.ts";
import type { IScraper } from "../../contracts/scraper.ts";
import { SaveError } from "../../errors.ts";
import { Scraper } from "../../scraping/scraper.ts";
import type { ScrapeStep } from "../definition.ts";
import type { Part } from "../run/part.ts";
import { backupPlace, saverPlace } from "../run/places.ts";
import { RunSaver } from "../run/saver.ts";
import type { StepScope } from "../run/session.ts";
import { runSources, type SourceTotals } from "../run/sources.ts";
import { narrowed } from "./choice.ts";
import { componentOf } from "./component.ts";

/** Brings in every source of a scraper on its own. One without sources is run as a whole. */
export async function scrapeStep(
  scope: StepScope,
  { scraper: given, into, sources, backup }: ScrapeStep,
): Promise<SourceTotals> {
  const { session, step, logger } = scope;
  const { config, factory } = session;
  const scraper = componentOf<IScraper>(given, { config, logger, methods: ["scrapeData"] });
  const place = saverPlace(factory, into);
  const { checks, onFail } = step;
  const rules = { checks, onFail, backup: backup === undefined ? undefined : backupPlace(factory, backup) };
  const saverOf = (part: Part) => new RunSaver(() => part, place, rules);
  const { only } = session.seat ?? {};
  const names = only && only.source !== "*" ? [only.of] : (sources ?? (await namesOf(scraper)));
  if (names.length === 0) {
    const work = (part: Part) => requireTrue(scraper.scrapeData(saverOf(part)), "The scraper");
    return runSources(scope, [{ source: "*", work }]);
  }
  return runSources(
    scope,
    narrowed(session, names).map((source) => ({
      source,
      work: (part) => scrapeOne(scraper, source, part, saverOf(part)),
    })),
  );
}

async function namesOf(scraper: Partial<IScraper>): Promise<readonly string[]> {
  if (!scraper.getAvailableSources || !scraper.scrapeSingleSource) return [];
  return scraper.getAvailableSources();
}

/**
 * A scraper of the base class says why a source was not saved, and compares runs by the ledger. For a plan it is asked for the rows:
 * nothing may be remembered of a run that saves nothing.
 */
async function scrapeOne(scraper: IScraper, source: string, part: Part, saver: RunSaver): Promise<void> {
  const { signal, session } = part.scope;
  if (!(scraper instanceof Scraper) || scraper.scrapeSingleSource !== Scraper.prototype.scrapeSingleSource) {
    await requireTrue(scraper.scrapeSingleSource(source, saver), `The scraper's source "${source}"`);
  } else if (session.planned) {
    const rows = await scraper.fetchSource(source, { signal });
    const { key, mode = "replace" } = scraper.sources[source] ?? {};
    await saver.saveData(rows, source, { ...(key && { key }), mode } as SaveOptions);
  } else {
    await scraper.saveSource(source, saver, { signal, memory: session.ledger });
  }
}

async function requireTrue(result: Promise<boolean>, what: string): Promise<void> {
  if ((await result) !== true) throw new ScrapeError(`${what} failed; the log of the scraper says why.`);
}

/** A web page that failed may answer a moment later, and a scraper that says `false` does not say more. */
class ScrapeError extends SaveError {
  override readonly retryable = true;
}

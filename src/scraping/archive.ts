import { join } from "node:path";
import type { Config } from "../config/settings.ts";
import type { Logger } from "../contracts/logger.ts";
import { ConfigError } from "../errors.ts";
import { scrapingFolder } from "./folders.ts";
import type { Fetch } from "./http/exchange.ts";
import { Recorder } from "./record/recorder.ts";
import { Replayer } from "./record/replayer.ts";
import type { Scrubber } from "./record/scrub.ts";
import type { ScrapeOptions } from "./scrape-options.ts";

/** What a scrape records into or is answered from, for all its sources together. */
export interface Archive extends AsyncDisposable {
  readonly isReplay: boolean;
  readonly isRecord: boolean;
  /** The layer of the web client; none when nothing is recorded or replayed. */
  layer(scrubber: Scrubber): ((next: Fetch) => Fetch) | undefined;
}

/** Opens the archive that the options name. Disposing puts a new one in place. */
export async function openArchive(
  { record, replay }: ScrapeOptions,
  about: { readonly config: Config; readonly scraper: string; readonly agent: string; readonly logger: Logger },
): Promise<Archive> {
  if (record && replay !== undefined) throw new ConfigError("A scrape either records or replays.");
  const { config, scraper, agent, logger } = about;
  if (replay !== undefined) {
    const replayer = await Replayer.open(replay, config);
    logger.info({ archive: replay }, `Replaying ${replay}: nothing is asked of the network.`);
    return {
      isReplay: true,
      isRecord: false,
      layer: (scrubber) => replayer.layer(scrubber),
      [Symbol.asyncDispose]: () => replayer[Symbol.asyncDispose](),
    };
  }
  if (!record) return { isReplay: false, isRecord: false, layer: () => undefined, async [Symbol.asyncDispose]() {} };
  const name = `${new Date().toISOString().replace(/[:.]/g, "-")}.warc.gz`;
  const recorder = new Recorder(
    record === true ? join(scrapingFolder(config, scraper), "records", name) : record,
    agent,
  );
  return {
    isReplay: false,
    isRecord: true,
    layer: (scrubber) => recorder.layer(scrubber),
    async [Symbol.asyncDispose]() {
      await recorder.close();
      logger.info({ archive: recorder.path }, `Every exchange is kept in ${recorder.path}.`);
    },
  };
}

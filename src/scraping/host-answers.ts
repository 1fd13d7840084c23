import type { Config } from "../config/settings.ts";
import { openArchive } from "./archive.ts";
import type { ScraperSource } from "./source.ts";
import { openWeb } from "./source-web.ts";

/** Whether the host of a source's first address answers within 5 s, with a status below 500. */
export async function hostAnswers(source: ScraperSource, config: Config, scraper: string): Promise<boolean> {
  const signal = AbortSignal.timeout(4_800);
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  await using archive = await openArchive({}, { config, scraper, agent: "", logger });
  const web = await openWeb({ ...source, cache: false, delay: 0 }, config, { scraper, archive });
  using client = web.client;
  const ask = async (method: "HEAD" | "GET") => {
    const { status } = await client.unrecorded({ url: web.start, method, headers: web.headers, signal });
    return status;
  };
  const status = await ask("HEAD");
  // Servers that know no HEAD say so by 405 or 501.
  return (status === 405 || status === 501 ? await ask("GET") : status) < 500;
}

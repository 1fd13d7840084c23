import type { IDataSaver } from "./data-saver.ts";

/** Brings frames in from the web. The `Scraper` base class implements it. */
export interface IScraper {
  /** Scrapes every source. `true` only if all were saved; the log says why not. */
  scrapeData(dataSaver: IDataSaver): Promise<boolean>;

  /** Scrapes one source and saves it under its own name. `false` when that source failed. */
  scrapeSingleSource(sourceName: string, dataSaver: IDataSaver): Promise<boolean>;

  /** The names that `scrapeSingleSource` takes. */
  getAvailableSources(): Promise<string[]>;

  /** True when the first source's host answers. Never throws, answers within 5 s. */
  healthCheck(): Promise<boolean>;
}

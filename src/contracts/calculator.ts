import type { IDataBackup } from "./data-backup.ts";
import type { IDataSaver } from "./data-saver.ts";
import type { IDataSource } from "./data-source.ts";

/** Turns frames from a source into frames in a saver. The `Calculator` base class implements it. */
export interface ICalculator {
  /**
   * Loads, calculates, backs up what stands at the destination and saves, source by source.
   * Resolves with one report for each source; one that fails stops no other.
   *
   * @param sources names to calculate; all of `listSources()` when left out.
   */
  runCompleteCalculation(
    dataSource: IDataSource,
    dataSaver: IDataSaver,
    backupService: IDataBackup,
    sources?: string[],
  ): Promise<unknown[]>;

  /** True when what the calculator needs is there. Never throws, answers within 5 s. */
  healthCheck(): Promise<boolean>;
}

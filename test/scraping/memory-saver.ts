import type { IDataSaver } from "../../src/contracts/data-saver.ts";
import type { SaveOptions } from "../../src/contracts/save-options.ts";
import type { DataFrame } from "../../src/frame/polars.ts";

/** A saver that keeps frames in a map. */
export class MemorySaver implements IDataSaver {
  readonly kept = new Map<string, DataFrame>();
  readonly options = new Map<string, SaveOptions | undefined>();

  async saveData(data: DataFrame, destination: string, options?: SaveOptions): Promise<boolean> {
    this.kept.set(destination, data);
    this.options.set(destination, options);
    return true;
  }

  saveWithBackup(data: DataFrame, destination: string, options?: SaveOptions): Promise<boolean> {
    return this.saveData(data, destination, options);
  }

  async healthCheck(): Promise<boolean> {
    return true;
  }
}

import type { IBatchSaver } from "../../src/contracts/batches.ts";
import type { IDataSaver } from "../../src/contracts/data-saver.ts";
import type { SaveOptions } from "../../src/contracts/save-options.ts";
import { concatFrames } from "../../src/frame/batches.ts";
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

/** The same with batches: all or nothing, as the contract has it. */
export class BatchSaver extends MemorySaver implements IBatchSaver {
  /** Saves that were undone because the batches ended in an error. */
  undone = 0;
  /** Called with each batch, in order. */
  onBatch: (batch: DataFrame) => void = () => {};

  async saveBatches(batches: AsyncIterable<DataFrame>, destination: string, options?: SaveOptions): Promise<boolean> {
    const taken: DataFrame[] = [];
    try {
      for await (const batch of batches) {
        this.onBatch(batch);
        taken.push(batch);
      }
    } catch (error) {
      this.undone++;
      throw error;
    }
    return this.saveData(concatFrames(taken), destination, options);
  }
}

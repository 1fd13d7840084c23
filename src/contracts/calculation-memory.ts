/** Remembers of what the results of calculators were made, so that the same is not calculated again. Bounded. */
export interface CalculationMemory {
  /** What was kept under that key; null when nothing is, or no longer. */
  lastCalculation(key: string): Promise<string | null>;
  /** Keeps a text under that key, in place of the one before. */
  keepCalculation(key: string, stamp: string): Promise<void>;
}

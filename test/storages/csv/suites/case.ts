import type { CsvReadOptions } from "../../../../src/storages/csv/index.ts";

interface Asked {
  what: string;
  input: string;
  options?: CsvReadOptions;
  /** All records of the suite's answer, the header too. */
  rows?: string[][];
}

/** Where millrace refuses what the suite accepts, or answers otherwise: what it says or gives, and why. */
interface Otherwise {
  instead: { refused: RegExp } | { rows: string[][] };
  why: string;
}

/** An input of a public suite. Its fields are compared as texts; an empty field, null here, is the empty text there. */
export type SuiteCase = Asked & (Otherwise | { instead?: undefined; why?: undefined });

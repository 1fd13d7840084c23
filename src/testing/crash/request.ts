import type { IStorage } from "../../contracts/storage.ts";
import type { SaveKind } from "./saves.ts";

/** What the module that is given to the crash kit exports as `open`. */
export type OpenStorage = (...args: string[]) => IStorage | Promise<IStorage>;

/** What the process that is killed has to do. */
export interface CrashRequest {
  /** File URL of the module. */
  readonly module: string;
  readonly args: readonly string[];
  readonly kind: SaveKind;
  readonly name: string;
  readonly rows: number;
  /** Number of the step at which it kills itself; -1 for none. */
  readonly stopAt: number;
}

import type { IStorage } from "../../contracts/storage.ts";
import type { SaveKind } from "./saves.ts";

/** What the module that is given to the crash kit exports as `open`. */
export type OpenStorage = (...args: string[]) => IStorage | Promise<IStorage>;

/** How a save is stopped: its process by a signal, or the save itself by its AbortSignal. */
export type StopBy = "SIGKILL" | "SIGTERM" | "abort";

/** What the process that is stopped has to do. */
export interface CrashRequest {
  /** File URL of the module. */
  readonly module: string;
  readonly args: readonly string[];
  readonly kind: SaveKind;
  readonly name: string;
  readonly rows: number;
  /** Whether the storage takes the save option `key`. */
  readonly keyed: boolean;
  readonly by: StopBy;
  /** Number of the step at which it stops itself; -1 for none. */
  readonly stopAt: number;
}

/** What the process tells of its save, when it lives to tell it. */
export interface CrashAnswer {
  readonly outcome: "saved" | "aborted";
  readonly steps: string[];
}

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { Socket } from "node:net";

/** What a save does outside of its process, by the module that does it: after each of these a kill leaves something else behind. */
const fileCalls = [
  "open",
  "rename",
  "rm",
  "unlink",
  "rmdir",
  "mkdir",
  "writeFile",
  "copyFile",
  "link",
  "symlink",
] as const;
const fileCallsSync = ["renameSync", "rmSync", "unlinkSync", "mkdirSync", "writeFileSync", "writeSync"] as const;
const handleCalls = ["write", "writeFile", "sync", "datasync", "truncate"] as const;
const databaseCalls = ["exec"] as const;

type Call = (...given: unknown[]) => unknown;

/** Counts the steps of a save, and calls `stop` at one of them. */
export class Steps {
  readonly names: string[] = [];
  readonly #seen = new Map<string, number>();
  readonly #stop: () => void;
  #counting = false;
  #stopAt = -1;

  constructor(stop: () => void) {
    this.#stop = stop;
  }

  /** @param stopAt number of the step to be stopped at, from 0; `-1` for none. */
  begin(stopAt: number): void {
    this.#stopAt = stopAt;
    this.#counting = true;
  }

  end(): void {
    this.#counting = false;
  }

  /**
   * Watches file operations, writes to sockets, and statements of SQLite of this process. Call it before the storage is
   * imported, so that its imports see the watched functions.
   */
  async watch(): Promise<this> {
    this.#wrap(fs.promises, fileCalls);
    this.#wrap(fs, fileCallsSync);
    await using handle = await fs.promises.open(process.execPath);
    this.#wrap(Object.getPrototypeOf(handle), handleCalls);
    this.#wrap(Socket.prototype, ["write"]);
    const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
    this.#wrap(DatabaseSync.prototype, databaseCalls);
    syncBuiltinESMExports();
    return this;
  }

  #wrap(owner: object, calls: readonly string[]): void {
    for (const call of calls) {
      const original: unknown = Reflect.get(owner, call);
      if (typeof original !== "function") continue;
      const reach = (when: string) => this.#reach(`${when} ${call.replace(/Sync$/, "")}`);
      Reflect.set(owner, call, function watched(this: unknown, ...given: unknown[]) {
        reach("before");
        const result = Reflect.apply(original as Call, this, given);
        if (!(result instanceof Promise)) {
          reach("after");
          return result;
        }
        return result.then((value: unknown) => {
          reach("after");
          return value;
        });
      });
    }
  }

  #reach(what: string): void {
    if (!this.#counting) return;
    const number = (this.#seen.get(what) ?? 0) + 1;
    this.#seen.set(what, number);
    this.names.push(`${what} ${number}`);
    if (this.names.length - 1 === this.#stopAt) this.#stop();
  }
}

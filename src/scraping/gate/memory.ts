import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, fileError } from "../../system/files.ts";
import { withLock } from "../../system/lock.ts";
import { placeFile } from "../../system/place-file.ts";
import { safeName } from "../folders.ts";

/** Where texts are remembered under a name: a pipeline's ledger, or files of the scraper's own. */
export interface Memory {
  recall(kind: string, name: string): Promise<string | null>;
  /** With `previous` only when that is what is remembered (null: nothing); resolves with whether it was. */
  remember(kind: string, name: string, value: string, previous?: string | null): Promise<boolean>;
}

/** One file for each text, put in place whole. */
export function fileMemory(folder: string): Memory {
  const pathOf = (kind: string, name: string) => join(folder, `${safeName(`${kind} ${name}`)}.json`);
  const recall = async (kind: string, name: string) => {
    const path = pathOf(kind, name);
    return readFile(path, "utf8").catch((cause: unknown) => {
      if (errnoOf(cause) === "ENOENT") return null;
      throw fileError(cause, { doing: `read ${path}` });
    });
  };
  return {
    recall,
    remember(kind, name, value, previous) {
      const path = pathOf(kind, name);
      return withLock(
        `${path}.lock`,
        async () => {
          if (previous !== undefined && (await recall(kind, name)) !== previous) return false;
          await placeFile(path, (staging) => writeFile(staging, value), { mode: 0o600 });
          return true;
        },
        { timeoutMs: 30_000, what: path },
      );
    },
  };
}

import type { DataFrame } from "nodejs-polars";
import type { IDataSaver } from "../../contracts/data-saver.ts";
import type { SaveOptions } from "../../contracts/save-options.ts";
import type { IStorage } from "../../contracts/storage.ts";
import { concatFrames } from "../../frame/batches.ts";
import { prices } from "../samples.ts";

/** The ways to save that are killed. */
export const saveKinds = ["replace", "append", "upsert", "backup"] as const;
/** A way to save that is killed: by `mode`, or `backup` for `saveWithBackup`. */
export type SaveKind = (typeof saveKinds)[number];

/** A save, with what stands there before and after it. */
export interface CrashSave {
  readonly before: DataFrame;
  readonly after: DataFrame;
  /** Whether saving once more, after it took effect, changes nothing. */
  readonly repeatable: boolean;
  prepare(saver: IDataSaver, name: string): Promise<unknown>;
  save(saver: IDataSaver, name: string, options?: Pick<SaveOptions, "signal">): Promise<unknown>;
}

/** The ways that a storage has, of those asked for. */
export function kindsOf({ capabilities, saver }: IStorage, asked: readonly SaveKind[]): SaveKind[] {
  if (!saver) return [];
  return asked.filter((kind) => kind === "backup" || capabilities.modes.includes(kind));
}

/** `keyed`: the storage keeps a key with its frames. */
export function crashSave(kind: SaveKind, rows: number, keyed: boolean): CrashSave {
  const before = prices(rows, 1);
  const keep: SaveOptions = keyed ? { key: ["id"] } : {};
  const prepare = (saver: IDataSaver, name: string) => saver.saveData(before, name, keep);
  switch (kind) {
    case "replace":
    case "backup": {
      const after = prices(rows + 7, 2);
      const save: CrashSave["save"] = (saver, name, options) =>
        saver[kind === "backup" ? "saveWithBackup" : "saveData"](after, name, { ...keep, ...options });
      return { before, after, repeatable: true, prepare, save };
    }
    case "append": {
      const added = prices(rows, 3, rows);
      const after = concatFrames([before, added]);
      return {
        ...{ before, after, repeatable: false, prepare },
        save: (saver, name, options) => saver.saveData(added, name, { mode: "append", ...options }),
      };
    }
    case "upsert": {
      const half = rows >> 1;
      const changed = prices(rows, 4, half);
      const after = concatFrames([prices(half, 1), changed]);
      return {
        ...{ before, after, repeatable: true, prepare },
        save: (saver, name, options) => saver.saveData(changed, name, { mode: "upsert", key: ["id"], ...options }),
      };
    }
  }
}

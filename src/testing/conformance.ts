import type { IStorage } from "../contracts/storage.ts";
import { Bench, type Check } from "./check.ts";
import { backups, restoring, savingWithBackup } from "./checks/backups.ts";
import { exactness } from "./checks/exactness.ts";
import { modes } from "./checks/modes.ts";
import { names } from "./checks/names.ts";
import { readOnly, saveOnly } from "./checks/one-role.ts";
import { optional } from "./checks/optional.ts";
import { reading } from "./checks/reading.ts";
import { safety } from "./checks/safety.ts";

/**
 * Every rule that a storage must keep, as plain checks. What a storage does not have (a role, a mode, a read option,
 * an optional interface) is not asked; what it has must be right.
 *
 * The storage may hold other frames; the checks use names of their own, which begin with `check`, and leave their frames
 * behind. Each check is independent of the others.
 *
 * @example
 * for (const check of storageChecks(new MyStorage(folder))) test(check.name, () => check.run());
 */
export function storageChecks(storage: IStorage): Check[] {
  return Object.entries(rulesFor(partsOf(storage))).map(([name, rule], index) => ({
    name,
    run: () => rule(new Bench(storage, `check${index}_${Date.now().toString(36)}`)),
  }));
}

type Rules = Record<string, (bench: Bench) => Promise<void>>;
type Parts = ReturnType<typeof partsOf>;

/** What of the contracts a storage offers. Making the roles opens nothing. */
function partsOf(storage: IStorage) {
  const source = storage.source?.();
  const saver = storage.saver?.();
  const backup = storage.backup?.();
  return {
    reads: source !== undefined,
    saves: saver !== undefined,
    backs: backup !== undefined,
    restores: backup !== undefined && "restoreData" in backup,
    modes: storage.capabilities.modes,
    readOptions: storage.capabilities.readOptions,
    optional: (["getBatches", "describe"] as const)
      .filter((method) => source !== undefined && method in source)
      .map((method): keyof typeof optional => method)
      .concat((["saveBatches", "deleteData"] as const).filter((method) => saver !== undefined && method in saver)),
  };
}

function rulesFor(has: Parts): Rules {
  if (!has.reads || !has.saves) return { ...(has.reads && readOnly), ...(has.saves && saveOnly) };
  return {
    ...exactness,
    ...names,
    ...safety,
    ...savingWithBackup,
    ...Object.assign({}, ...has.modes.map((mode) => modes[mode] ?? {})),
    ...Object.assign({}, ...has.readOptions.map((option) => reading[option] ?? {})),
    ...Object.assign({}, ...has.optional.map((method) => optional[method])),
    ...(has.backs && backups),
    ...(has.restores && restoring),
  };
}

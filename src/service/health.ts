import type { IDiagnose } from "../contracts/diagnose.ts";
import type { IStorage } from "../contracts/storage.ts";

/** How long an answer of a storage counts as fresh. */
const freshMs = 10_000;
/** How long a storage that was never asked is waited for. */
const waitMs = 4_000;

/** Whether one storage can be used, and since when that is known. */
export interface StorageHealth {
  readonly storage: string;
  /** False when it is down. */
  readonly ok: boolean;
  /** `unused` is one that this machine has nothing for, and that nothing was ever saved to. */
  readonly state: "up" | "down" | "unused";
  readonly checked: string;
}

/**
 * The health of storages, asked in the background: whoever asks gets what is known at once, and starts the next question when that
 * is old. So a check stays quick while a storage is slow or the process is busy.
 */
export class HealthWatch {
  readonly #storages: readonly IStorage[];
  readonly #known = new Map<string, StorageHealth>();
  readonly #asking = new Map<string, Promise<StorageHealth>>();

  constructor(storages: readonly IStorage[]) {
    this.#storages = storages;
  }

  async all(): Promise<StorageHealth[]> {
    return Promise.all(
      this.#storages.map((storage) => {
        const known = this.#known.get(storage.type);
        const old = !known || Date.now() - Date.parse(known.checked) > freshMs;
        const asked = old ? this.#ask(storage) : undefined;
        return known ?? orAfterWait(asked as Promise<StorageHealth>, storage.type);
      }),
    );
  }

  #ask(storage: IStorage): Promise<StorageHealth> {
    const running = this.#asking.get(storage.type);
    if (running) return running;
    const asked = ask(storage).then((health) => {
      this.#known.set(storage.type, health);
      this.#asking.delete(storage.type);
      return health;
    });
    this.#asking.set(storage.type, asked);
    return asked;
  }
}

async function ask(storage: IStorage): Promise<StorageHealth> {
  const role = storage.source?.() ?? storage.saver?.() ?? storage.backup?.();
  const isUp = (await role?.healthCheck().catch(() => false)) ?? false;
  return healthOf(storage.type, isUp ? "up" : (await isUnused(storage)) ? "unused" : "down");
}

function healthOf(storage: string, state: StorageHealth["state"]): StorageHealth {
  return { storage, ok: state !== "down", state, checked: new Date().toISOString() };
}

/** A storage that only warns of what it lacks was never set up. */
async function isUnused(storage: IStorage): Promise<boolean> {
  if (!("diagnose" in storage)) return false;
  const found = await (storage as IStorage & IDiagnose).diagnose();
  return found.some(({ status }) => status === "warn") && found.every(({ status }) => status !== "fail");
}

async function orAfterWait(asked: Promise<StorageHealth>, storage: string): Promise<StorageHealth> {
  const { promise, resolve } = Promise.withResolvers<StorageHealth>();
  const timer = setTimeout(() => resolve(healthOf(storage, "down")), waitMs);
  asked.then(resolve);
  return promise.finally(() => clearTimeout(timer));
}

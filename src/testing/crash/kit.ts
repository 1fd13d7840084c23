import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { DataFrame } from "nodejs-polars";
import type { IDataBackup } from "../../contracts/data-backup.ts";
import type { IRestorableBackup } from "../../contracts/restorable-backup.ts";
import type { IStorage } from "../../contracts/storage.ts";
import { compareFrames } from "../../frame/compare.ts";
import type { CrashAnswer, CrashRequest, OpenStorage, StopBy } from "./request.ts";
import { type CrashSave, crashSave, kindsOf, type SaveKind, saveKinds } from "./saves.ts";
import { startVictim, type Victim } from "./victim.ts";

/** What is killed, how often and how. */
export interface CrashOptions {
  /**
   * A module whose export `open` makes the storage. It is imported here and in the process that is killed, and called with `args`:
   * all of them have to open the same place.
   */
  module: URL;
  /** What `open` is called with. Default: nothing. */
  args?: readonly string[];
  /** How many times a save is stopped: half of them at its steps, half at random instants. */
  kills: number;
  /**
   * How. `SIGKILL` (default) and `SIGTERM` end the process; `abort` aborts the save by its AbortSignal: when it rejects with the
   * reason, the old frame has to stand there.
   */
  by?: StopBy;
  /** Default: all that the storage has. */
  saves?: readonly SaveKind[];
  /** Rows of the frames. Default 2,000. */
  rows?: number;
  /** What a killed save has left behind, in words, asked after the next save. Default: nothing is asked. */
  leftovers?(): Promise<string[]>;
  /** Called after each kill with what came of them so far. */
  onProgress?(report: CrashReport): unknown;
  /** Of the random instants. Default: another one each time; it stands in the report. */
  seed?: number;
}

/** What came of it. */
export interface CrashReport {
  /** How many saves were stopped. */
  readonly kills: number;
  /** How often the old frame was found afterwards, and how often the new one. */
  readonly old: number;
  /** How often the new frame was found afterwards. */
  readonly new: number;
  /** The different steps at which a save was stopped. */
  readonly steps: readonly string[];
  /** Give it again to stop at the same instants. */
  readonly seed: number;
}

/**
 * Stops saves in the middle, by default by killing their process with SIGKILL: at each of their steps (file operations, writes to
 * sockets) and at random instants. The storage is opened anew after each: the old frame stands there or the new one, whole, and
 * every backup is whole; saving once more gives the right rows once; nothing is left behind.
 *
 * @throws AssertionError that lists what went wrong, with the step of each.
 *
 * @example
 * const report = await killSaves({ module: new URL("open-storage.ts", import.meta.url), kills: 100 });
 */
export async function killSaves(options: CrashOptions): Promise<CrashReport> {
  const { kills, module, args = [], saves = saveKinds, rows = 2_000, by = "SIGKILL" } = options;
  const { seed = Date.now() % 2 ** 31 } = options;
  const { open } = (await import(module.href)) as { open: OpenStorage };
  const places: Place = { open: () => Promise.resolve(open(...args)), leftovers: options.leftovers };
  const [kinds, keyed] = await withStorage(places, async (storage) => [
    kindsOf(storage, saves),
    storage.capabilities.saveOptions.includes("key"),
  ]);
  const random = randomNumbers(seed);
  const counts = { kills: 0, old: 0, new: 0 };
  const failures: string[] = [];
  const steps = new Set<string>();
  const report = (): CrashReport => ({ ...counts, steps: [...steps], seed });
  for (const [at, kind] of kinds.entries()) {
    const share = Math.ceil((kills * (at + 1)) / kinds.length) - Math.ceil((kills * at) / kinds.length);
    const request = { module: module.href, args, kind, rows, keyed, by, name: `crash_${kind}`, stopAt: -1 };
    const run = new Run(places, request);
    const { names, took } = await run.whole();
    const plan = planKills(share, names, random);
    let next: Victim | undefined;
    for (const [number, kill] of plan.entries()) {
      const victim = next ?? startVictim({ ...request, stopAt: kill.stopAt });
      const after = plan[number + 1];
      await run.reset();
      await victim.ready;
      victim.go();
      if (kill.stopAt < 0) {
        await sleep(kill.when * took);
        victim.stop();
      }
      const { answer, stderr, stopped, late } = await victim.gone;
      // It loads while this one is looked at.
      next = after && startVictim({ ...request, stopAt: after.stopAt });
      if (stopped) steps.add(`${kind}, ${kill.what}`);
      if (!answer && !stopped) failures.push(`${kind}, before it was stopped ${kill.what}, the save failed: ${stderr}`);
      if (late) failures.push(`${kind}, stopped ${kill.what}: the process did not end within 10 s`);
      await run.check(answer).then(
        (found) => {
          counts[found]++;
        },
        (cause: unknown) => failures.push(`${kind}, stopped ${kill.what}: ${String(cause)} ${stderr}`),
      );
      counts.kills++;
      await options.onProgress?.(report());
    }
  }
  const told = failures.slice(0, 20).join("\n");
  assert.equal(failures.length, 0, `${failures.length} of ${kills} kills (seed ${seed}) broke a rule:\n${told}`);
  return report();
}

interface Place {
  open(): Promise<IStorage>;
  leftovers: (() => Promise<string[]>) | undefined;
}

interface Kill {
  readonly stopAt: number;
  /** Share of the time that a whole save takes. */
  readonly when: number;
  readonly what: string;
}

/** The steps evenly, each at most once for every time that there is room; the rest at random instants. */
function planKills(count: number, names: readonly string[], random: () => number): Kill[] {
  const atSteps = names.length === 0 ? 0 : Math.ceil(count / 2);
  return Array.from({ length: count }, (_, index) => {
    if (index >= atSteps) return { stopAt: -1, when: random() * 1.2, what: "at a random instant" };
    const stopAt = Math.floor(((index + random()) * names.length) / atSteps);
    return { stopAt, when: 0, what: names[stopAt] ?? "" };
  });
}

class Run {
  readonly #place: Place;
  readonly #request: CrashRequest;
  readonly #save: CrashSave;

  constructor(place: Place, request: CrashRequest) {
    this.#place = place;
    this.#request = request;
    this.#save = crashSave(request.kind, request.rows, request.keyed);
  }

  /** A save that is not killed: the names of its steps, and the milliseconds that it took. */
  async whole(): Promise<{ names: string[]; took: number }> {
    await this.reset();
    const victim = startVictim(this.#request);
    await victim.ready;
    const began = performance.now();
    victim.go();
    const { answer, stderr } = await victim.gone;
    assert(answer, `A save that nobody stopped failed: ${stderr}`);
    const took = performance.now() - began;
    assert.equal(await this.check(answer), "new");
    return { names: answer.steps, took };
  }

  async reset(): Promise<void> {
    await withStorage(this.#place, async (storage) => this.#save.prepare(saverOf(storage), this.#request.name));
  }

  /** Which frame stands there. @throws AssertionError when it is neither, or anything else is not as it has to be. */
  async check(answer: CrashAnswer | null): Promise<"old" | "new"> {
    const { name } = this.#request;
    return withStorage(this.#place, async (storage) => {
      const before = await storage.source?.().listSources();
      const found = await this.#standing(storage);
      assert(answer?.outcome !== "saved" || found === "new", "a save that was acknowledged is lost");
      assert(answer?.outcome !== "aborted" || found === "old", "a save that was aborted took effect");
      await checkBackups(storage.backup?.(), name);
      if (found === "old" || this.#save.repeatable) {
        await this.#save.save(saverOf(storage), name);
        assert.equal(await this.#standing(storage), "new", "saving once more did not give the right rows");
      } else {
        // Adding the rows again would double them: another save is the next use.
        await this.#save.prepare(saverOf(storage), name);
      }
      assert.deepEqual(await storage.source?.().listSources(), before, "other names are listed than before");
      assert.deepEqual((await this.#place.leftovers?.()) ?? [], [], "something was left behind");
      return found;
    });
  }

  async #standing(storage: IStorage): Promise<"old" | "new"> {
    const found = await storage.source?.().getData(this.#request.name);
    assert(found, `${storage.type} has no source`);
    const anyOrder = !storage.capabilities.keepsRowOrder;
    const is = async (frame: DataFrame) => (await compareFrames(found, frame, { anyOrder })) === null;
    if (await is(this.#save.before)) return "old";
    const difference = await compareFrames(found, this.#save.after, { anyOrder });
    assert.equal(difference, null, `neither the old frame nor the new one stands there: ${difference?.message}`);
    return "new";
  }
}

/** Whatever is listed is whole. */
async function checkBackups(backup: (IDataBackup & Partial<IRestorableBackup>) | undefined, name: string) {
  if (!backup?.listBackups || !backup.verifyBackup) return;
  for (const { location } of await backup.listBackups(name)) {
    assert.equal(await backup.verifyBackup(location), true, `the backup ${location} is listed and damaged`);
  }
}

async function withStorage<T>(place: Place, work: (storage: IStorage) => Promise<T>): Promise<T> {
  const storage = await place.open();
  try {
    return await work(storage);
  } finally {
    await storage.close?.();
  }
}

function saverOf(storage: IStorage) {
  assert(storage.saver, `${storage.type} has no saver`);
  return storage.saver();
}

/** The same numbers between 0 and 1 for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

import type { IBatchSaver } from "../../contracts/batches.ts";
import type { BrokenCheck, Checks, OnFail } from "../../contracts/check.ts";
import type { IDataSaver } from "../../contracts/data-saver.ts";
import type { SaveOptions } from "../../contracts/save-options.ts";
import { ConfigError, SaveError } from "../../errors.ts";
import { heightOf } from "../../frame/access.ts";
import { concatFrames } from "../../frame/batches.ts";
import { plainName } from "../../frame/names.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { requireFrame } from "../../frame/schema.ts";
import type { BadRows } from "../checks/checker.ts";
import { checkBatches, evaluateChecks } from "../checks/evaluate.ts";
import { needsWholeFrame } from "../checks/place.ts";
import { quarantineFrame, quarantineKey, quarantineName } from "../checks/quarantine.ts";
import type { Reader } from "../incremental/reader.ts";
import type { Part } from "./part.ts";
import type { BackupPlace, SaverPlace } from "./places.ts";
import { recallRows, rememberRows } from "./row-counts.ts";
import { sizeOf } from "./size.ts";

type BatchOptions = SaveOptions & { backup?: boolean };

/** What became of the rows of a save. */
interface Counts {
  rows: number;
  bytes: number;
  /** Rows that were put aside. */
  aside: number;
}

/** How a step saves. */
export interface SavingRules {
  readonly checks?: Checks | undefined;
  readonly onFail: OnFail;
  /** Backs up what stands there before the run first saves under a name. */
  readonly backup?: BackupPlace | undefined;
  /** What counts where the component does not say. */
  readonly defaults?: SaveOptions | undefined;
  /** Of an incremental step: its cursor goes with the rows. */
  readonly reader?: Reader | undefined;
}

/** A saver as the steps of a run have it: it checks, counts, names every save, and keeps what an undo needs. */
export class RunSaver implements IDataSaver, IBatchSaver {
  readonly storageId: string;
  readonly #part: () => Part;
  readonly #place: SaverPlace;
  readonly #rules: SavingRules;

  constructor(part: () => Part, place: SaverPlace, rules: SavingRules) {
    this.#part = part;
    this.#place = place;
    this.#rules = rules;
    this.storageId = place.id;
  }

  saveData(data: DataFrame, destination: string, options?: SaveOptions): Promise<boolean> {
    return this.#saveFrame(data, destination, options, false);
  }

  saveWithBackup(data: DataFrame, destination: string, options?: SaveOptions): Promise<boolean> {
    return this.#saveFrame(data, destination, options, true);
  }

  /** Streams where the storage can and nothing needs all rows at once. */
  async saveBatches(
    batches: AsyncIterable<DataFrame>,
    destination: string,
    { backup = false, ...given }: BatchOptions = {},
  ): Promise<boolean> {
    const { saver } = this.#place;
    const { session } = this.#part().scope;
    const whole = session.planned || this.#rules.reader || needsWholeFrame(this.#rules.checks);
    if (!("saveBatches" in saver) || whole) {
      const frames: DataFrame[] = [];
      for await (const batch of batches) frames.push(batch);
      return this.#saveFrame(concatFrames(frames, { frame: destination }), destination, given, backup);
    }
    const part = this.#part();
    const options = await this.#begin(part, destination, given);
    const counts = { rows: 0, bytes: 0, aside: 0 };
    const checked = this.#checkedBatches(part, batches, destination, counts);
    const saved = await this.#held(part, options, () =>
      (saver as unknown as IBatchSaver).saveBatches(checked, destination, { ...options, ...(backup && { backup }) }),
    );
    await this.#end(part, destination, saved, counts);
    return true;
  }

  healthCheck(): Promise<boolean> {
    return this.#place.saver.healthCheck();
  }

  async #saveFrame(
    data: DataFrame,
    destination: string,
    given: SaveOptions | undefined,
    backup: boolean,
  ): Promise<boolean> {
    const part = this.#part();
    part.scope.signal.throwIfAborted();
    requireFrame(data, undefined, destination);
    const merged = this.#options(given);
    const fresh = await this.#fresh(data, destination, merged);
    const rows = await this.#checked(part, fresh, destination);
    const { session, step } = part.scope;
    if (session.planned) {
      await session.planned.save(step.name, this.#place, destination, rows, merged);
      part.saved(heightOf(rows), 0);
      return true;
    }
    if (this.#rules.reader && heightOf(rows) === 0) {
      part.skip("Nothing is new.");
      return true;
    }
    const options = await this.#begin(part, destination, given);
    const { saver } = this.#place;
    const saved = await this.#held(part, options, () =>
      backup ? saver.saveWithBackup(rows, destination, options) : saver.saveData(rows, destination, options),
    );
    const aside = heightOf(fresh) - heightOf(rows);
    await this.#end(part, destination, saved, { rows: heightOf(rows), bytes: sizeOf(rows), aside });
    return true;
  }

  /** What comes before every save: what stands there is kept, and the save gets its name. */
  async #begin(part: Part, destination: string, given: SaveOptions | undefined): Promise<SaveOptions> {
    const { session, step, signal } = part.scope;
    signal.throwIfAborted();
    await session.touches.before(session, step.name, this.#place, destination);
    await this.#backUp(part, destination);
    signal.throwIfAborted();
    const { options: known } = this.#place;
    const { reader } = this.#rules;
    const options = this.#options(given);
    const takes = (name: string) => known?.includes(name) ?? false;
    return {
      ...options,
      ...(takes("signal") && { signal: options.signal ? AbortSignal.any([options.signal, signal]) : signal }),
      ...(takes("onProgress") && {
        onProgress: (progress: { rows: number; totalRows?: number }) => {
          part.progress(progress.rows, progress.totalRows);
          options.onProgress?.(progress);
        },
      }),
      ...((takes("run") || "keptMarks" in this.#place.saver) && {
        run: part.mark(`${this.#place.id}\n${destination}`, reader?.rangeText, reader?.mark),
      }),
    };
  }

  /** A saver that knows of no marks can't ask itself whether this try still counts. */
  #held(part: Part, { run }: SaveOptions, save: () => Promise<boolean>): Promise<boolean> {
    const { seat } = part.scope.session;
    return seat && !run ? seat.fence.hold(() => save()) : save();
  }

  async #end(part: Part, destination: string, saved: boolean, { rows, bytes, aside }: Counts): Promise<void> {
    if (saved !== true) throw new SaveError(`The saver refused "${destination}".`, { frame: destination });
    part.saved(rows, bytes);
    part.cursor = (await this.#rules.reader?.saved()) ?? part.cursor;
    if (this.#rules.checks) await rememberRows(part.scope.session, this.#place.id, destination, rows + aside);
  }

  #options(given: SaveOptions | undefined): SaveOptions {
    const { defaults, reader } = this.#rules;
    const options = { ...defaults, ...given } as SaveOptions;
    if (!reader) return options;
    if (options.mode === undefined) {
      return (options.key ? { ...options, mode: "upsert" } : { ...options, mode: "append" }) as SaveOptions;
    }
    if (options.mode !== "replace") return options;
    throw new ConfigError("An incremental step adds to what is there; mode replace would leave only the newest rows.", {
      hint: 'Let the calculator\'s saveOptions say mode "append", or "upsert" with a key.',
    });
  }

  async #fresh(data: DataFrame, destination: string, options: SaveOptions): Promise<DataFrame> {
    const { reader } = this.#rules;
    if (!reader || options.mode !== "append") return data;
    return reader.fresh(data, { place: this.#place, name: destination }, options.key);
  }

  async #backUp(part: Part, destination: string): Promise<void> {
    const { backup } = this.#rules;
    if (!backup) return;
    const { session } = part.scope;
    await session.once(`backup ${backup.id} ${this.#place.id} ${destination}`, () =>
      backup.backup.backupData(destination),
    );
  }

  async #checked(part: Part, rows: DataFrame, destination: string): Promise<DataFrame> {
    const { checks } = this.#rules;
    if (!checks) return rows;
    const found = await evaluateChecks(rows, checks, await this.#checkOptions(part, destination));
    this.#tell(part, destination, found.broken, found.asideRows);
    if (found.stop) throw found.stop;
    if (found.bad) await this.#putAside(part, destination, [found.bad]);
    return found.good;
  }

  async *#checkedBatches(
    part: Part,
    batches: AsyncIterable<DataFrame>,
    destination: string,
    counts: Counts,
  ): AsyncGenerator<DataFrame> {
    const { checks } = this.#rules;
    const aside: BadRows[] = [];
    const checked = checks
      ? checkBatches(batches, checks, {
          ...(await this.#checkOptions(part, destination)),
          onBad: async (bad) => void aside.push(bad),
          onReport: ({ broken, asideRows }) => {
            counts.aside = asideRows;
            this.#tell(part, destination, broken, asideRows);
          },
        })
      : batches;
    for await (const batch of checked) {
      part.scope.signal.throwIfAborted();
      counts.rows += heightOf(batch);
      counts.bytes += sizeOf(batch);
      part.progress(counts.rows);
      yield batch;
    }
    // Before the save is completed: were this process killed between the two, they would be lost.
    if (aside.length > 0) await this.#putAside(part, destination, aside);
  }

  async #checkOptions({ scope }: Part, destination: string) {
    const { session, signal } = scope;
    return {
      storage: this.#place.type,
      destination,
      onFail: this.#rules.onFail,
      lastRows: await recallRows(session, this.#place.id, destination),
      config: session.config,
      signal,
    };
  }

  #tell(part: Part, destination: string, broken: readonly BrokenCheck[], quarantined: number): void {
    if (broken.length === 0) return;
    const { session, step } = part.scope;
    session.emit({ type: "checks-broken", step: step.name, source: part.source, destination, broken, quarantined });
  }

  async #putAside(part: Part, destination: string, aside: readonly BadRows[]): Promise<void> {
    const { session, step } = part.scope;
    if (session.planned) return;
    const name = quarantineName(plainName(destination));
    const about = { run: session.id, source: `${step.name}/${part.source}` };
    await session.touches.before(session, step.name, this.#place, name);
    for (const bad of aside) {
      const frame = await quarantineFrame(bad, about);
      const saved = await this.#place.saver.saveData(frame, name, { mode: "upsert", key: quarantineKey });
      if (saved !== true) throw new SaveError(`The saver refused "${name}".`, { frame: name });
    }
  }
}

import type { IDataSource } from "../../contracts/data-source.ts";
import type { ReadOptions } from "../../contracts/read-options.ts";
import type { SaveOptions } from "../../contracts/save-options.ts";
import { NotFoundError } from "../../errors.ts";
import { lazyOf } from "../../frame/access.ts";
import { mergeFrames } from "../../frame/merge.ts";
import { plainName } from "../../frame/names.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { schemaOf } from "../../frame/schema.ts";
import { applyReadOptions } from "../../frame/time-range.ts";
import type { SaverPlace } from "../run/places.ts";

/** What a plan found that one save would do. */
export interface PlannedSave {
  readonly step: string;
  readonly place: SaverPlace;
  readonly destination: string;
  readonly options: SaveOptions;
  /** What would be given to the saver. */
  readonly given: DataFrame;
  /** What stands there before it; null when nothing does. */
  readonly before: DataFrame | null;
  /** What would stand there after it. Made when it is asked for: a plan of one save does without. */
  after(): Promise<DataFrame>;
}

/** What a run would save, kept in memory so that later steps of the plan read it. */
export class PlannedFrames {
  readonly saves: PlannedSave[] = [];
  readonly #last = new Map<string, PlannedSave>();
  readonly #standing = new Map<string, Promise<DataFrame | null>>();

  /** Begins to read what stands under a name, while what will be saved there is still being made. */
  look(place: SaverPlace, destination: string, signal?: AbortSignal): void {
    const key = keyOf(place.id, destination);
    if (this.#last.has(key) || this.#standing.has(key)) return;
    const standing = readOrNull(place.source, destination, signal);
    standing.catch(() => {});
    this.#standing.set(key, standing);
  }

  async save(
    step: string,
    place: SaverPlace,
    destination: string,
    given: DataFrame,
    options: SaveOptions,
  ): Promise<void> {
    const key = keyOf(place.id, destination);
    const earlier = this.#last.get(key);
    this.look(place, destination, options.signal);
    const before = earlier ? await earlier.after() : ((await this.#standing.get(key)) ?? null);
    const { mode, key: by, schemaChange } = options;
    const about = { storage: place.type, frame: destination };
    let after: Promise<DataFrame> | undefined;
    const save: PlannedSave = {
      ...{ step, place, destination, options, given, before },
      after() {
        after ??= mergeFrames(before, given, { mode, key: by, schemaChange, ...about });
        return after;
      },
    };
    this.#last.set(key, save);
    this.saves.push(save);
  }

  /** The source as it would look after what was planned so far. */
  over(source: IDataSource, placeId: string): IDataSource {
    const planned = this.#last;
    return {
      async getData(name: string, options: ReadOptions = {}): Promise<DataFrame> {
        const found = planned.get(keyOf(placeId, name));
        if (!found) return source.getData(name, options);
        const frame = await found.after();
        return applyReadOptions(lazyOf(frame), schemaOf(frame), options, undefined, { frame: name }).collect();
      },
      async listSources() {
        const names = await source.listSources();
        const here = [...planned.values()].filter(({ place }) => place.id === placeId);
        const known = new Set(names.map(plainName));
        const added = here.map(({ destination }) => destination).filter((name) => !known.has(plainName(name)));
        return [...names, ...added].sort();
      },
      healthCheck: () => source.healthCheck(),
    };
  }
}

function keyOf(placeId: string, name: string): string {
  return `${placeId}\n${plainName(name)}`;
}

async function readOrNull(
  source: IDataSource | undefined,
  name: string,
  signal?: AbortSignal,
): Promise<DataFrame | null> {
  if (!source) return null;
  return source.getData(name, signal ? { signal } : {}).catch((cause: unknown) => {
    if (cause instanceof NotFoundError) return null;
    throw cause;
  });
}

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
  /** What stands there; null when nothing does. */
  readonly before: DataFrame | null;
  /** What would stand there; null where an append makes it needless to know. */
  readonly after: DataFrame | null;
}

/** What a run would save, kept in memory so that later steps of the plan read it. */
export class PlannedFrames {
  readonly saves: PlannedSave[] = [];
  readonly #after = new Map<string, { place: SaverPlace; name: string; frame: DataFrame }>();

  async save(
    step: string,
    place: SaverPlace,
    destination: string,
    given: DataFrame,
    options: SaveOptions,
  ): Promise<void> {
    const key = keyOf(place.id, destination);
    const mode = options.mode ?? "replace";
    const earlier = this.#after.get(key)?.frame;
    const before = earlier ?? (await readOrNull(place.source, destination, options.signal));
    const about = { storage: place.type, frame: destination };
    const after = await mergeFrames(before, given, {
      mode,
      key: options.key,
      schemaChange: options.schemaChange,
      ...about,
    });
    this.#after.set(key, { place, name: destination, frame: after });
    this.saves.push({ step, place, destination, options, given, before, after });
  }

  /** The source as it would look after what was planned so far. */
  over(source: IDataSource, placeId: string): IDataSource {
    const planned = this.#after;
    return {
      async getData(name: string, options: ReadOptions = {}): Promise<DataFrame> {
        const found = planned.get(keyOf(placeId, name));
        if (!found) return source.getData(name, options);
        const lazy = applyReadOptions(lazyOf(found.frame), schemaOf(found.frame), options, undefined, { frame: name });
        return lazy.collect();
      },
      async listSources() {
        const names = await source.listSources();
        const here = [...planned.values()].filter(({ place }) => place.id === placeId).map(({ name }) => name);
        const known = new Set(names.map(plainName));
        return [...names, ...here.filter((name) => !known.has(plainName(name)))].sort();
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

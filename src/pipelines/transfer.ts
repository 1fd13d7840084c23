import type { IBatchSaver } from "../contracts/batches.ts";
import type { IDataSaver } from "../contracts/data-saver.ts";
import type { IDataSource } from "../contracts/data-source.ts";
import type { IDescribe } from "../contracts/describe.ts";
import type { SaveOptions } from "../contracts/save-options.ts";
import { ConfigError, CorruptDataError, SaveError } from "../errors.ts";
import type { DataFactory } from "../factory/data-factory.ts";
import { heightOf } from "../frame/access.ts";
import { concatFrames } from "../frame/batches.ts";
import { plainName } from "../frame/names.ts";
import type { DataFrame } from "../frame/polars.ts";
import { piecesOf } from "../storages/pieces.ts";
import { diffText } from "./diff/render.ts";
import { diffStores } from "./diff/stores.ts";
import { fitBatches } from "./run/budget.ts";
import { type SaverPlace, type SourcePlace, saverPlace, sourcePlace } from "./run/places.ts";
import { toEach } from "./steps/tee.ts";

export interface TransferOptions {
  readonly mode?: "replace" | "append" | "upsert" | undefined;
  readonly key?: readonly [string, ...string[]] | undefined;
  /** Reads both sides again afterwards and compares every row. Only for `replace`. */
  readonly verify?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onRows?: ((rows: number) => void) | undefined;
}

/** What was copied. */
export interface Transferred {
  readonly rows: number;
  /** `storage:name` of each destination. */
  readonly to: readonly string[];
}

/**
 * Copies one frame to one or several storages, read once, in batches, with its time column and key where the destination keeps such.
 *
 * @param from `storage:name`.
 * @param to `storage:name`, or `storage` for the same name.
 * @throws ConfigError for a frame onto itself; CorruptDataError when `verify` finds a difference.
 */
export async function transfer(
  factory: DataFactory,
  from: string,
  to: readonly string[],
  options: TransferOptions = {},
): Promise<Transferred> {
  const source = sourcePlace(factory, from);
  const name = source.frame ?? "";
  const targets = to
    .map((ref) => saverPlace(factory, ref))
    .map((place) => ({ place, name: place.frame ?? plainName(name) }));
  for (const { place, name: target } of targets) {
    if (place.id === source.id && plainName(target) === plainName(name)) {
      throw new ConfigError(`${from} would be copied onto itself.`, {
        frame: name,
        hint: "Name another storage or another name.",
      });
    }
  }
  const kept = await keptOf(source.source, name);
  let rows = 0;
  const counted = async function* () {
    const pieces = piecesOf(source.source, name, options.signal ? { signal: options.signal } : {});
    for await (const piece of fitBatches(pieces, factory.config, options.signal)) {
      rows += heightOf(piece);
      options.onRows?.(rows);
      yield piece;
    }
  };
  await toEach(
    counted(),
    targets.map(
      ({ place, name: target }) =>
        (pieces) =>
          save(place, pieces, target, saveOptionsFor(place, kept, options)),
    ),
  );
  if (options.verify) for (const target of targets) await compare(source, name, target, kept.key, factory);
  return { rows, to: targets.map(({ place, name: target }) => `${place.type}:${target}`) };
}

interface Kept {
  readonly timeColumn?: string | undefined;
  readonly key?: readonly string[] | undefined;
}

async function keptOf(source: IDataSource, name: string): Promise<Kept> {
  if (!("describe" in source)) return {};
  const { timeColumn, key } = await (source as IDataSource & IDescribe).describe(name);
  return { timeColumn, key };
}

function saveOptionsFor({ options: known }: SaverPlace, kept: Kept, asked: TransferOptions): SaveOptions {
  const takes = (option: string) => known === undefined || known.includes(option);
  const key = asked.key ?? kept.key;
  return {
    ...(asked.mode && { mode: asked.mode }),
    ...(key && takes("key") && { key }),
    ...(kept.timeColumn !== undefined && takes("timeColumn") && { timeColumn: kept.timeColumn }),
    ...(asked.signal && { signal: asked.signal }),
  } as SaveOptions;
}

async function save(
  { saver }: SaverPlace,
  pieces: AsyncIterable<DataFrame>,
  name: string,
  options: SaveOptions,
): Promise<void> {
  const saved =
    "saveBatches" in saver
      ? await (saver as IDataSaver & IBatchSaver).saveBatches(pieces, name, options)
      : await saver.saveData(await whole(pieces), name, options);
  if (saved !== true) throw new SaveError(`The saver refused "${name}".`, { frame: name });
}

async function whole(pieces: AsyncIterable<DataFrame>): Promise<DataFrame> {
  const all: DataFrame[] = [];
  for await (const piece of pieces) all.push(piece);
  return concatFrames(all);
}

async function compare(
  from: SourcePlace,
  name: string,
  { place, name: target }: { place: SaverPlace; name: string },
  key: readonly string[] | undefined,
  factory: DataFactory,
): Promise<void> {
  const source = place.source ?? factory.createDataSource(place.type);
  const found = await diffStores({ source: from.source, name }, { source, name: target }, key ? { key: [...key] } : {});
  if (found.equal) return;
  throw new CorruptDataError(
    `${place.type}:${target} is not what was copied. ${diffText(found, { width: 100 }).trim()}`,
    {
      storage: place.type,
      frame: target,
      hint: "Copy it again; if it differs again, report it.",
    },
  );
}

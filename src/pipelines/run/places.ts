import type { IDataBackup } from "../../contracts/data-backup.ts";
import type { IDataSaver } from "../../contracts/data-saver.ts";
import type { IDataSource } from "../../contracts/data-source.ts";
import type { DataFactory } from "../../factory/data-factory.ts";
import type { BackupRef, SaverRef, SourceRef } from "../definition.ts";

interface Place {
  /** Equal for all that speak to the same place. */
  readonly id: string;
  /** The storage's type, or what a component of one's own is called. */
  readonly type: string;
  /** The name that the reference says. */
  readonly frame: string | undefined;
}

export interface SourcePlace extends Place {
  readonly source: IDataSource;
  /** Read options that the storage takes; undefined for a component of one's own. */
  readonly options?: readonly string[] | undefined;
}

export interface SaverPlace extends Place {
  readonly saver: IDataSaver;
  /** Save options that the storage takes; undefined for a component of one's own. */
  readonly options: readonly string[] | undefined;
  /** What reads there, if anything does. */
  readonly source: IDataSource | undefined;
}

export interface BackupPlace extends Place {
  readonly backup: IDataBackup;
}

/** The places that references mean. @throws ConfigError TYPE_UNKNOWN */
export function sourcePlace(factory: DataFactory, ref: SourceRef): SourcePlace {
  if (typeof ref !== "string") return { source: ref, ...ownPlace(ref) };
  const { type, frame } = parseRef(ref);
  const source = factory.createDataSource(type);
  const options = factory.storages.find((each) => each.type === type)?.capabilities.readOptions;
  return { source, id: idOf(source, type), type, frame, options };
}

export function saverPlace(factory: DataFactory, ref: SaverRef): SaverPlace {
  if (typeof ref !== "string") {
    return {
      saver: ref,
      options: undefined,
      source: "getData" in ref ? (ref as unknown as IDataSource) : undefined,
      ...ownPlace(ref),
    };
  }
  const { type, frame } = parseRef(ref);
  const saver = factory.createDataSaver(type);
  const storage = factory.storages.find((each) => each.type === type);
  return {
    saver,
    id: idOf(saver, type),
    type,
    frame,
    options: storage?.capabilities.saveOptions,
    source: storage?.source?.(),
  };
}

export function backupPlace(factory: DataFactory, ref: BackupRef): BackupPlace {
  if (typeof ref !== "string") return { backup: ref, ...ownPlace(ref) };
  const { type, frame } = parseRef(ref);
  return { backup: factory.createDataBackup(type as "csv"), id: type, type, frame };
}

/** `csv:prices` is the type csv and the name prices. A name may hold colons of its own. */
function parseRef(ref: string): { type: string; frame: string | undefined } {
  const colon = ref.indexOf(":");
  if (colon < 0) return { type: ref, frame: undefined };
  return { type: ref.slice(0, colon), frame: ref.slice(colon + 1) || undefined };
}

function ownPlace(component: object): Place {
  const type = component.constructor.name || "component";
  return { id: idOf(component, type), type, frame: undefined };
}

function idOf(component: object, type: string): string {
  return "storageId" in component && typeof component.storageId === "string" ? component.storageId : `${type}:`;
}

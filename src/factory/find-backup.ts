import type { IDataBackup } from "../contracts/data-backup.ts";
import type { BackupRecord, IRestorableBackup } from "../contracts/restorable-backup.ts";
import { ConfigError, NotFoundError } from "../errors.ts";
import { plainName } from "../frame/names.ts";
import { didYouMean } from "../system/nearest.ts";
import type { DataFactory } from "./data-factory.ts";

/** A backup, and the service that looks after it. */
export interface FoundBackup {
  readonly service: IRestorableBackup;
  readonly record: BackupRecord;
}

/** The backup service of a storage. @throws ConfigError when its backups can't be listed and brought back. */
export function serviceOf(factory: DataFactory, storage: string): IRestorableBackup {
  const service: IDataBackup = factory.createDataBackup(storage);
  if ("listBackups" in service) return service as IRestorableBackup;
  throw new ConfigError(`The backups of ${storage} can't be listed and brought back.`, {
    storage,
    code: "OPTION_UNSUPPORTED",
  });
}

/**
 * The backup that is meant: a location as `backup list` prints it, `storage:name` for the newest one of a frame, or
 * `storage:name@sequence`.
 *
 * @throws NotFoundError BACKUP_NOT_FOUND
 */
export async function findBackup(factory: DataFactory, text: string): Promise<FoundBackup> {
  const types = factory.listDataBackup();
  const named = /^([^:/]+):(.+?)(?:@(\d+))?$/.exec(text);
  const storages = named && types.includes(named[1] as string) ? [named[1] as string] : types;
  const known: string[] = [];
  for (const storage of storages) {
    const service = serviceOf(factory, storage);
    const records = await service.listBackups();
    const record = records.find(matches(text, storage, named));
    if (record) return { service, record };
    for (const { source } of records) known.push(`${storage}:${source}`, `${storage}:${plainName(source)}`);
  }
  throw new NotFoundError(`There is no backup ${JSON.stringify(text)}.${didYouMean(text, [...new Set(known)])}`, {
    code: "BACKUP_NOT_FOUND",
    hint: "See `millrace backup list`.",
  });
}

function matches(text: string, storage: string, named: RegExpExecArray | null): (record: BackupRecord) => boolean {
  const [, type, name = "", sequence] = named ?? [];
  return ({ location, source, sequence: own }) =>
    location === text ||
    location.endsWith(`/${text}`) ||
    (type === storage && isName(source, name) && (sequence === undefined || own === Number(sequence)));
}

/** `prices` is short for `prices.csv`. */
function isName(source: string, name: string): boolean {
  return source === name || source === `${name}.csv`;
}

import type { IDataBackup } from "../contracts/data-backup.ts";
import type { IDataSaver } from "../contracts/data-saver.ts";
import type { IDataSource } from "../contracts/data-source.ts";
import type { IStorage } from "../contracts/storage.ts";
import { ConfigError } from "../errors.ts";
import { didYouMean } from "../system/nearest.ts";

/** The roles that a storage can play. */
export type Role = "source" | "saver" | "backup";

/** Storages by type, in the order in which they were registered. */
export class Registry {
  readonly #storages = new Map<string, IStorage>();

  /** @throws ConfigError when the type is taken, empty, or the storage has no role. */
  add(storage: IStorage): void {
    const { type } = storage;
    if (typeof type !== "string" || type === "") throw new ConfigError("A storage needs a type, such as `sqlite`.");
    if (this.#storages.has(type)) throw new ConfigError(`A storage of type "${type}" is registered already.`);
    if (!storage.source && !storage.saver && !storage.backup) {
      throw new ConfigError(`The storage "${type}" has no role: it needs source(), saver() or backup().`);
    }
    this.#storages.set(type, storage);
  }

  get all(): IStorage[] {
    return [...this.#storages.values()];
  }

  /** Types of the storages that have the role. */
  typesWith(role: Role): string[] {
    return this.all.filter((storage) => storage[role]).map(({ type }) => type);
  }

  /** @throws ConfigError TYPE_UNKNOWN that lists the types with that role and the closest. */
  open(type: string, role: "source"): IDataSource;
  open(type: string, role: "saver"): IDataSaver;
  open(type: string, role: "backup"): IDataBackup;
  open(type: string, role: Role): IDataSource | IDataSaver | IDataBackup {
    const storage = this.#storages.get(type);
    const made = storage?.[role]?.();
    if (made) return made;
    const types = this.typesWith(role);
    const what = storage ? `The storage "${type}" has no ${role}.` : `There is no storage "${type}".`;
    throw new ConfigError(`${what}${didYouMean(type, types)} With a ${role}: ${types.join(", ")}.`, {
      code: "TYPE_UNKNOWN",
      hint: "Take one of these, or register a storage of your own with factory.register.",
    });
  }
}

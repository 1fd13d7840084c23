import assert from "node:assert/strict";
import type { DataFrame } from "nodejs-polars";
import type { IBatchSaver, IBatchSource } from "../contracts/batches.ts";
import type { IDataBackup } from "../contracts/data-backup.ts";
import type { IDataSaver } from "../contracts/data-saver.ts";
import type { IDataSource } from "../contracts/data-source.ts";
import type { IDelete } from "../contracts/delete.ts";
import type { IDescribe } from "../contracts/describe.ts";
import type { IRestorableBackup } from "../contracts/restorable-backup.ts";
import type { IStorage } from "../contracts/storage.ts";
import { compareFrames } from "../frame/compare.ts";

/** One rule that a storage must keep, as a test of any test runner: `test(check.name, () => check.run())`. */
export interface Check {
  /** A sentence about behaviour. */
  readonly name: string;
  /** Rejects with an AssertionError when the rule is broken. */
  run(): Promise<void>;
}

/** What a check works with: a storage that may hold other frames, and names that nobody else uses. */
export class Bench {
  readonly storage: IStorage;
  readonly #prefix: string;

  constructor(storage: IStorage, prefix: string) {
    this.storage = storage;
    this.#prefix = prefix;
  }

  /** A name of this check's own. */
  name(word = "frame"): string {
    return `${this.#prefix}_${word}`;
  }

  get source(): IDataSource & Partial<IBatchSource & IDescribe> {
    assert(this.storage.source, `${this.storage.type} has no source`);
    return this.storage.source();
  }

  get saver(): IDataSaver & Partial<IBatchSaver & IDelete> {
    assert(this.storage.saver, `${this.storage.type} has no saver`);
    return this.storage.saver();
  }

  get backup(): IDataBackup & Partial<IRestorableBackup> {
    assert(this.storage.backup, `${this.storage.type} has no backup`);
    return this.storage.backup();
  }

  /** The name as `listSources` gives it: the plain one, or with the storage's own ending. */
  async listed(name: string): Promise<string | undefined> {
    return (await this.source.listSources()).find((listed) => listed === name || listed.startsWith(`${name}.`));
  }

  /** Asserts that what stands under `name` is `expected`, by every bit. */
  async holds(name: string, expected: DataFrame): Promise<void> {
    await this.same(await this.source.getData(name), expected);
  }

  /** Asserts that two frames are equal; the order of rows counts where the storage keeps it. */
  async same(found: DataFrame, expected: DataFrame): Promise<void> {
    const difference = await compareFrames(found, expected, { anyOrder: !this.storage.capabilities.keepsRowOrder });
    assert.equal(difference, null, `frames differ: ${JSON.stringify(difference, bigintsAsText)}`);
  }
}

/** Asserts that `work` rejects with that kind of error (by class name, so that two copies of millrace agree). */
export async function rejects(work: Promise<unknown>, kind: string): Promise<Error> {
  let value: unknown;
  try {
    value = await work;
  } catch (error) {
    assert(error instanceof Error, `rejected with ${String(error)}, which is no Error`);
    assert.equal(error.name, kind, `expected a ${kind}, got ${error.name}: ${error.message}`);
    return error;
  }
  assert.fail(`expected a ${kind}, but it resolved with ${String(value)}`);
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}

import type { RunMark } from "../../contracts/run-mark.ts";
import type { SaveOptions } from "../../contracts/save-options.ts";
import { ConfigError } from "../../errors.ts";
import { heightOf, lazyOf } from "../../frame/access.ts";
import { mergeFrames } from "../../frame/merge.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { schemaOf } from "../../frame/schema.ts";
import { type FrameContent, FrameSaver, type StoredFrame } from "../frame-saver.ts";
import type { FoundMarks } from "../marks.ts";
import type { ArcticBackup } from "./backup.ts";
import { sortedBy, withoutDuplicates } from "./duplicates.ts";
import { arcticHealth } from "./health.ts";
import { symbolName } from "./names.ts";
import { type ArcticSaveOptions, type AsOf, assertArcticSaveOptions } from "./options.ts";
import type { ArcticParts } from "./parts.ts";
import { findSymbol } from "./symbol.ts";
import { loadSymbol } from "./symbol-rows.ts";
import { SymbolWriter } from "./symbol-writer.ts";
import { outsideOf } from "./time-index.ts";
import { pruneVersions, restoreVersion, snapshotMetadata } from "./versions.ts";

/**
 * Saves frames as symbols of an ArcticDB library. Each save is a new version, all or nothing; of the versions that millrace
 * saved the last ARCTIC_KEEP_VERSIONS stay.
 */
export class ArcticSaver extends FrameSaver {
  readonly storageId: string;
  readonly #parts: ArcticParts;
  readonly #writer: SymbolWriter;

  constructor(parts: ArcticParts, backup: () => ArcticBackup) {
    super(parts.rules, parts, backup);
    this.storageId = parts.storageId;
    this.#parts = parts;
    this.#writer = new SymbolWriter(parts);
  }

  override async saveData(data: DataFrame, destination: string, options: ArcticSaveOptions = {}): Promise<boolean> {
    assertArcticSaveOptions(options);
    return super.saveData(data, destination, options as SaveOptions);
  }

  override async saveWithBackup(
    data: DataFrame,
    destination: string,
    options: ArcticSaveOptions = {},
  ): Promise<boolean> {
    assertArcticSaveOptions(options);
    return super.saveWithBackup(data, destination, options as SaveOptions);
  }

  /** One version, once the last batch has come. With `sort` or `onDuplicate` all rows are in memory then. */
  override async saveBatches(
    batches: AsyncIterable<DataFrame>,
    destination: string,
    options: ArcticSaveOptions & { backup?: boolean } = {},
  ): Promise<boolean> {
    assertArcticSaveOptions(options);
    return super.saveBatches(batches, destination, options as SaveOptions & { backup?: boolean });
  }

  /**
   * Makes an earlier version the newest again; what stood there stays as a version. No data is copied.
   *
   * @throws NotFoundError that names the versions there are.
   */
  async restoreVersion(name: string, asOf: AsOf): Promise<void> {
    const symbol = symbolName(name);
    await this.exclusive(symbol, () => restoreVersion(this.#parts, symbol, asOf));
  }

  /**
   * Removes all but the newest `keepLast` of the versions that millrace saved, with `others` also of those that other programs did.
   * Resolves with the numbers of those removed. The newest version stays, and what snapshots hold.
   */
  async pruneVersions(name: string, policy: { keepLast: number; others?: boolean }): Promise<number[]> {
    const symbol = symbolName(name);
    return this.exclusive(symbol, () => pruneVersions(this.#parts, symbol, policy));
  }

  /**
   * Keeps the newest versions of all symbols, or of `names`, under one name, however many versions come after them.
   *
   * @throws ConflictError when there is a snapshot of that name.
   */
  async snapshot(name: string, { names }: { names?: readonly string[] } = {}): Promise<void> {
    await this.#parts.library.snapshot(symbolName(name), snapshotMetadata(this.#parts), names?.map(symbolName));
  }

  /** Resolves with whether there was one. Versions that only it held go. */
  async deleteSnapshot(name: string): Promise<boolean> {
    return this.#parts.library.deleteSnapshot(symbolName(name));
  }

  protected override name(destination: string): string {
    return symbolName(destination);
  }

  protected override exclusive<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#parts.exclusive(name, work, signal);
  }

  protected override async readOld(name: string, signal?: AbortSignal): Promise<StoredFrame | null> {
    const found = await findSymbol(this.#parts.library, name, { signal });
    if (!found) return null;
    const part = { of: { version: found.version } };
    const frame = await loadSymbol(this.#parts, name, { part, columns: found, signal });
    return { frame, timeColumn: found.metadata?.timeColumn, key: found.metadata?.key };
  }

  protected override refuse(name: string, content: FrameContent): Promise<void> {
    return this.#writer.refuse(name, content);
  }

  protected override async prepared(
    name: string,
    content: FrameContent,
    options: ArcticSaveOptions,
  ): Promise<FrameContent> {
    const { sort = false, onDuplicate = "keep", mode = "replace", signal } = options;
    if (!sort && onDuplicate === "keep" && mode !== "replaceRange") return content;
    const time = options.timeColumn ?? (await this.#timeOf(name, signal));
    if (!content.schema.fields.some((field) => field.name === time)) return content; // The save refuses it.
    const sorted = sort ? { ...content, rows: await sortedBy(content.rows, time) } : content;
    return withoutDuplicates(name, sorted, time, onDuplicate);
  }

  protected override async appending(
    name: string,
    content: FrameContent,
    options: ArcticSaveOptions,
  ): Promise<(() => Promise<void>) | null> {
    const { mode } = options;
    if (mode !== "append" && mode !== "replaceRange") return null;
    return this.#writer.adding(name, content, { ...options, mode } as ArcticSaveOptions & { mode: typeof mode });
  }

  /** Rows that an upsert or a range adds go where their time belongs. */
  protected override async merge(
    name: string,
    content: FrameContent,
    options: ArcticSaveOptions,
  ): Promise<FrameContent> {
    const { mode = "replace", onDuplicate } = options;
    if (mode === "replaceRange") return this.#mergeRange(name, content, options);
    const merged = await super.merge(name, content, options as SaveOptions);
    const time = merged.timeColumn;
    if (mode === "replace" || time === undefined) return merged;
    const sorted = mode === "upsert" ? { ...merged, rows: await sortedBy(merged.rows, time) } : merged;
    return withoutDuplicates(name, sorted, time, onDuplicate);
  }

  protected override place(name: string, content: FrameContent, signal?: AbortSignal): Promise<void> {
    return this.#writer.place(name, content, signal);
  }

  protected override remove(name: string): Promise<boolean> {
    return this.#parts.library.delete(name);
  }

  protected override async findMarks(name: string): Promise<FoundMarks> {
    const found = await this.#parts.library.version(name);
    if (!found) return null;
    return found.metadata ? (found.metadata.marks ?? { parts: [], cursors: [] }) : "changed";
  }

  /** The writer looks at what stands there anyway. */
  protected override async marksFor(name: string, run: RunMark | undefined): Promise<FoundMarks> {
    return run ? this.findMarks(name) : null;
  }

  protected override usable(): Promise<boolean> {
    return arcticHealth(this.#parts);
  }

  /** Where ArcticDB's own update would not be exact: what stands outside of the frame's times, with the frame between. */
  async #mergeRange(name: string, content: FrameContent, options: ArcticSaveOptions): Promise<FrameContent> {
    const { signal, schemaChange, timeColumn } = options;
    const time = timeColumn ?? (await this.#timeOf(name, signal));
    const old = await this.readOld(name, signal);
    const next = await content.rows.collect();
    const outside = old && (await outsideOf(old.frame, next, time, { storage: "arctic", frame: name }));
    const about = { storage: "arctic", frame: name };
    const merged = await mergeFrames(outside, next, { mode: "append", schemaChange, ...about });
    const rows = await sortedBy(lazyOf(merged), time);
    return { rows, height: heightOf(merged), schema: schemaOf(merged), timeColumn: time, key: old?.key };
  }

  /** The time column of what stands there. */
  async #timeOf(name: string, signal: AbortSignal | undefined): Promise<string> {
    const found = await findSymbol(this.#parts.library, name, { signal });
    const time = found?.metadata?.timeColumn ?? found?.index;
    if (time !== undefined && time !== null) return time;
    throw new ConfigError(`${name} has no time column yet, and no timeColumn was given.`, {
      storage: "arctic",
      frame: name,
      hint: 'Name it: { timeColumn: "ts" }.',
    });
  }
}

import type { SaveOptions } from "../../contracts/save-options.ts";
import { lazyOf } from "../../frame/access.ts";
import { type FrameContent, FrameSaver, type StoredFrame } from "../frame-saver.ts";
import type { ArcticBackup } from "./backup.ts";
import { arcticHealth } from "./health.ts";
import { symbolName } from "./names.ts";
import type { ArcticParts } from "./parts.ts";
import { findSymbol } from "./symbol.ts";
import { loadSymbol } from "./symbol-rows.ts";
import { SymbolWriter } from "./symbol-writer.ts";

/**
 * Saves frames as symbols of an ArcticDB library. Each save is a new version, all or nothing; of the versions that millrace
 * saved the last ten stay.
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

  protected override name(destination: string): string {
    return symbolName(destination);
  }

  protected override exclusive<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#parts.exclusive(name, work, signal);
  }

  protected override async readOld(name: string, signal?: AbortSignal): Promise<StoredFrame | null> {
    const found = await findSymbol(this.#parts.library, name, { signal });
    if (!found) return null;
    const frame = await loadSymbol(this.#parts, name, { part: { version: found.version }, signal });
    return { frame, timeColumn: found.metadata?.timeColumn, key: found.metadata?.key };
  }

  protected override refuse(name: string, content: FrameContent): Promise<void> {
    return this.#writer.refuse(name, content);
  }

  protected override async appending(
    name: string,
    content: FrameContent,
    options: SaveOptions,
  ): Promise<(() => Promise<void>) | null> {
    return options.mode === "append" ? this.#writer.appending(name, content, options) : null;
  }

  /** Rows that an upsert adds go where their time belongs. */
  protected override async merge(name: string, content: FrameContent, options: SaveOptions): Promise<FrameContent> {
    const merged = await super.merge(name, content, options);
    const { timeColumn } = merged;
    if (options.mode !== "upsert" || timeColumn === undefined) return merged;
    const sorted = await merged.rows.sort({ by: timeColumn, maintainOrder: true }).collect();
    return { ...merged, rows: lazyOf(sorted) };
  }

  protected override place(name: string, content: FrameContent, signal?: AbortSignal): Promise<void> {
    return this.#writer.place(name, content, signal);
  }

  protected override remove(name: string): Promise<boolean> {
    return this.#parts.library.delete(name);
  }

  protected override usable(): Promise<boolean> {
    return arcticHealth(this.#parts);
  }
}

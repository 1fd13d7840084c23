import { join } from "node:path";
import type { StoredBackup } from "../../backups/manifest.ts";
import { dataFileName, FrameBackup, isScratchName } from "../../backups/service.ts";
import { type DumpedFrame, openBackupStore } from "../../backups/store.ts";
import { readIpc, writeIpc } from "../../frame/ipc.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { arcticHealth } from "./health.ts";
import { symbolName } from "./names.ts";
import type { ArcticParts } from "./parts.ts";
import { findSymbol, symbolNames } from "./symbol.ts";
import { loadSymbol, SymbolRows } from "./symbol-rows.ts";
import { SymbolWriter } from "./symbol-writer.ts";

/** Backups of symbols as Arrow files, which need no ArcticDB to be read. Each holds the newest version. */
export class ArcticBackup extends FrameBackup {
  readonly #parts: ArcticParts;
  readonly #writer: SymbolWriter;

  constructor(parts: ArcticParts) {
    const { config, logger, rules } = parts;
    const store = openBackupStore(parts, rules.type, parts.storageId);
    super({ store, logger, keep: config.BACKUP_KEEP, keepsRowOrder: rules.capabilities.keepsRowOrder });
    this.#parts = parts;
    this.#writer = new SymbolWriter(parts);
  }

  protected override async names(): Promise<string[]> {
    return (await symbolNames(this.#parts.library)).filter((name) => !isScratchName(name));
  }

  protected override canonicalName(name: string): string {
    return symbolName(name);
  }

  protected override async dump(name: string, folder: string): Promise<DumpedFrame | null> {
    const found = await findSymbol(this.#parts.library, name);
    if (!found) return null;
    const { version, rows: height } = found;
    await using data = await SymbolRows.read(this.#parts, name, { part: { version }, found });
    await using decoded = await data.rows();
    await writeIpc(decoded.rows, join(folder, dataFileName), { storage: "arctic", frame: name });
    return { schema: decoded.schema, rows: height, timeColumn: found.metadata?.timeColumn, key: found.metadata?.key };
  }

  protected override async restore(folder: string, record: StoredBackup, destination: string): Promise<void> {
    const frame = await readIpc(join(folder, dataFileName), { storage: "arctic", frame: record.source });
    const { schema, timeColumn, key } = record;
    await this.#writer.place(destination, { rows: frame.lazy(), height: frame.height, schema, timeColumn, key });
  }

  protected override load(name: string): Promise<DataFrame> {
    return loadSymbol(this.#parts, name);
  }

  protected override drop(name: string): Promise<boolean> {
    return this.#parts.library.delete(name);
  }

  protected override exclusive<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#parts.exclusive(name, work);
  }

  protected override usable(): Promise<boolean> {
    return arcticHealth(this.#parts);
  }
}

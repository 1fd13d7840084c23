import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { StoredBackup } from "../../backups/manifest.ts";
import { dataFileName, FrameBackup, isScratchName } from "../../backups/service.ts";
import { type DumpedFrame, openBackupStore } from "../../backups/store.ts";
import { readIpc, writeIpc } from "../../frame/ipc.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { marksOf } from "../marks.ts";
import { arcticHealth } from "./health.ts";
import { isSymbolName, symbolName } from "./names.ts";
import type { ArcticParts } from "./parts.ts";
import { findSymbol, symbolNames } from "./symbol.ts";
import { loadSymbol, SymbolRows } from "./symbol-rows.ts";
import { SymbolWriter } from "./symbol-writer.ts";
import { listSnapshots, snapshotMetadata } from "./versions.ts";

/** Backups of symbols as Arrow files, which need no ArcticDB to be read. Each holds the newest version. */
export class ArcticBackup extends FrameBackup {
  readonly #parts: ArcticParts;
  readonly #writer: SymbolWriter;
  /** Where the frames come from; the newest versions when there is none. */
  readonly #snapshot: string | undefined;

  constructor(parts: ArcticParts, snapshot?: string) {
    const { config, logger, rules } = parts;
    const store = openBackupStore(parts, rules.type, parts.storageId);
    super({
      store,
      logger,
      keep: config.BACKUP_KEEP,
      maxAge: config.BACKUP_MAX_AGE,
      keepsRowOrder: rules.capabilities.keepsRowOrder,
    });
    this.#parts = parts;
    this.#writer = new SymbolWriter(parts);
    this.#snapshot = snapshot;
  }

  /** All symbols as they were at one moment: ArcticDB keeps that in a snapshot as long as it takes. */
  override async backupAll(): Promise<[source: string, location: string][]> {
    const { library } = this.#parts;
    if (this.#snapshot !== undefined || (await this.names()).length === 0) return super.backupAll();
    await this.#removeLeftSnapshots();
    const snapshot = `${snapshotPrefix}${randomUUID()}`;
    await library.snapshot(snapshot, snapshotMetadata(this.#parts));
    try {
      return await new ArcticBackup(this.#parts, snapshot).backupAll();
    } finally {
      await library.deleteSnapshot(snapshot);
    }
  }

  protected override async names(): Promise<string[]> {
    const { library } = this.#parts;
    const names = this.#snapshot === undefined ? symbolNames(library) : library.snapshotSymbols(this.#snapshot);
    return (await names).filter((name) => isSymbolName(name) && !isScratchName(name)).sort();
  }

  protected override canonicalName(name: string): string {
    return symbolName(name);
  }

  protected override async dump(name: string, folder: string): Promise<DumpedFrame | null> {
    const snapshot = this.#snapshot === undefined ? undefined : { snapshot: this.#snapshot };
    const found = await findSymbol(this.#parts.library, name, { of: snapshot });
    if (!found) return null;
    const { version, rows: height } = found;
    const part = { of: snapshot ?? { version } };
    await using data = await SymbolRows.read(this.#parts, name, { part, columns: found });
    await using decoded = await data.rows();
    await writeIpc(decoded.rows, join(folder, dataFileName), { storage: "arctic", frame: name });
    const { timeColumn, key, marks } = found.metadata ?? {};
    return { schema: decoded.schema, rows: height, timeColumn, key, ...(marks && { extra: { marks } }) };
  }

  protected override async restore(folder: string, record: StoredBackup, destination: string): Promise<void> {
    const frame = await readIpc(join(folder, dataFileName), { storage: "arctic", frame: record.source });
    const { schema, timeColumn, key } = record;
    const marks = marksOf(record) ?? { parts: [], cursors: [] };
    await this.#writer.place(destination, { rows: frame.lazy(), height: frame.height, schema, timeColumn, key, marks });
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

  /** Those of programs that were ended before they could remove them. */
  async #removeLeftSnapshots(): Promise<void> {
    const dayAgo = Date.now() - 86_400_000;
    for (const { name, made } of await listSnapshots(this.#parts.library)) {
      if (name.startsWith(snapshotPrefix) && Number(made) < dayAgo) await this.#parts.library.deleteSnapshot(name);
    }
  }
}

const snapshotPrefix = "millrace-backup-";

import type { FrameSchema } from "../contracts/frame-schema.ts";
import type { BackupRecord } from "../contracts/restorable-backup.ts";
import type { DataFrame } from "../frame/polars.ts";
import { effectiveTimes } from "./order.ts";

/** What came back of a backup. */
export interface Restored {
  frame: DataFrame;
  keepsRowOrder: boolean;
  /** Its content hash, or undefined where the storage has none. */
  content(): Promise<string | undefined>;
  /** The frame of the backup's own files. */
  kept(): Promise<DataFrame>;
}

/**
 * In words, how a restored frame differs from what the manifest says, or null. Without a content hash the backup's own files are
 * what it is compared with; with one they only tell where it differs.
 */
export async function differenceFrom(record: BackupRecord, restored: Restored): Promise<string | null> {
  const [{ heightOf }, { schemaOf }] = [await import("../frame/access.ts"), await import("../frame/schema.ts")];
  const { frame } = restored;
  const schema = schemaOf(frame);
  if (typesOf(schema) !== typesOf(record.schema)) {
    return `its columns are ${typesOf(schema)}, not ${typesOf(record.schema)}.`;
  }
  if (heightOf(frame) !== record.rows) return `${heightOf(frame)} rows came back, not ${record.rows}.`;
  if (record.content !== undefined && (await restored.content()) === record.content) return null;
  const { compareFrames } = await import("../frame/compare.ts");
  const unordered = record.key ? { key: record.key } : { anyOrder: true };
  const found = await compareFrames(await restored.kept(), frame, restored.keepsRowOrder ? {} : unordered);
  if (found) return found.message;
  return record.content === undefined ? null : "it has another content hash than what was backed up.";
}

/** The content hash of a frame. */
export async function contentOfFrame(frame: DataFrame): Promise<string> {
  const { lazyOf } = await import("../frame/access.ts");
  const { contentHash } = await import("../frame/content-hash.ts");
  return contentHash(lazyOf(frame));
}

/** The content hash of the frame in an Arrow file, which is read in slices. */
export async function contentOfFile(path: string, signal?: AbortSignal): Promise<string> {
  const { scanIpc } = await import("../frame/ipc.ts");
  const { contentHash } = await import("../frame/content-hash.ts");
  return contentHash(await scanIpc(path), signal);
}

/** Whether each of these frames that has backups has a proven one that is no older than `maxAge`, and at least one has. */
export function isProvenLately(names: readonly string[], backups: readonly BackupRecord[], maxAge: number): boolean {
  const times = effectiveTimes(backups);
  const isYoung = (backup: BackupRecord) => Date.now() - (times.get(backup) ?? 0) <= maxAge;
  const backedUp = names.filter((name) => backups.some(({ source }) => source === name));
  const isProven = (name: string) =>
    backups.some((backup) => backup.source === name && backup.proven && isYoung(backup));
  return backedUp.length > 0 && backedUp.every(isProven);
}

function typesOf({ fields }: FrameSchema): string {
  return fields.map(({ name, type }) => `"${name}" ${type}`).join(", ");
}

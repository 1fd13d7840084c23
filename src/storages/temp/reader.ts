import type { FrameSchema } from "../../contracts/frame-schema.ts";
import { CorruptDataError, NotFoundError } from "../../errors.ts";
import { scanIpc } from "../../frame/ipc.ts";
import { type DataFrame, type LazyDataFrame, pl } from "../../frame/polars.ts";
import { unreadable } from "../../frame/probe.ts";
import { schemaOf } from "../../frame/schema.ts";
import { holdFile } from "../../system/held-file.ts";
import { checksumOf } from "./checksum.ts";
import type { TempFiles, TempNote } from "./files.ts";

/** A frame with what is kept beside it. */
export interface ReadFrame extends TempNote {
  frame: DataFrame;
  schema: FrameSchema;
}

/** How often a file that is replaced while it is read is read anew. */
const attempts = 20;

/** A frame that lies in its file, which is held open: it stays as it is, whatever is put in its place. */
export interface HeldFrame extends TempNote, AsyncDisposable {
  lazy: LazyDataFrame;
  schema: FrameSchema;
  rows: number;
}

/** Reads one state of a frame. @throws NotFoundError; CorruptDataError for a file that is no whole Arrow file. */
export async function readTemp(files: TempFiles, name: string): Promise<ReadFrame> {
  await using held = await holdTemp(files, name);
  const { lazy, schema, ...note } = held;
  const frame = await lazy.collect().catch((cause: unknown) => {
    throw damaged(name, cause);
  });
  return { frame, schema, ...note };
}

/** Opens one state of a frame, as `readTemp` does, and reads no row of it. */
export async function holdTemp(files: TempFiles, name: string): Promise<HeldFrame> {
  const path = files.path(name);
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const before = await files.stamp(name, path);
    const held = await holdState(files, name, path, before).catch((cause: unknown) => ({ cause }));
    if ((await files.stamp(name, path)) === before) {
      if ("cause" in held) throw damaged(name, held.cause);
      return held;
    }
    if (!("cause" in held)) await held[Symbol.asyncDispose]();
  }
  throw new CorruptDataError(`${name} was replaced again and again while it was read.`, {
    storage: "temp",
    frame: name,
  });
}

/** The bytes are checked before polars sees them. */
async function holdState(files: TempFiles, name: string, path: string, stamp: string): Promise<HeldFrame> {
  await using opened = new AsyncDisposableStack();
  const held = opened.use(await holdFile(path));
  const note = await files.note(name, stamp);
  if (note.checksum !== undefined && note.checksum !== (await checksumOf(held.path))) {
    throw new CorruptDataError("its bytes are not those that were written.", { storage: "temp", frame: name });
  }
  if (note.checksum === undefined) await refuseHostile(name, path, stamp);
  const lazy = await scanIpc(held.path);
  const [none, height] = [await lazy.head(0).collect(), await lazy.select(pl.len()).collect()];
  const rows = Number(height.getColumn("len").toArray()[0] ?? 0);
  const kept = opened.move();
  return { lazy, schema: schemaOf(none), rows, ...note, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Files of other programs that can be read, by path and stamp. */
const readable = new Set<string>();

/** A file that another program put there is read in a process of its own first. */
async function refuseHostile(name: string, path: string, stamp: string): Promise<void> {
  const state = `${path} ${stamp}`;
  if (readable.has(state)) return;
  const why = await unreadable(path);
  if (why !== null) throw new CorruptDataError(`it can't be read: ${why}.`, { storage: "temp", frame: name });
  readable.add(state);
}

/** Like `readTemp`, with null when nothing has that name. */
export async function readTempOrNull(files: TempFiles, name: string): Promise<ReadFrame | null> {
  return readTemp(files, name).catch((cause: unknown) => {
    if (cause instanceof NotFoundError) return null;
    throw cause;
  });
}

function damaged(name: string, cause: unknown): CorruptDataError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CorruptDataError(`${name} in temp is damaged: ${reason}`, {
    storage: "temp",
    frame: name,
    cause,
    hint: "Delete it and make it anew, or restore the backup that was made with the last save.",
  });
}

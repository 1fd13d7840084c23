import type { FrameSchema } from "../../contracts/frame-schema.ts";
import { CorruptDataError, NotFoundError } from "../../errors.ts";
import { readIpc } from "../../frame/ipc.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { schemaOf } from "../../frame/schema.ts";
import { checksumOf } from "./checksum.ts";
import type { TempFiles, TempNote } from "./files.ts";

/** A frame with what is kept beside it. */
export interface ReadFrame extends TempNote {
  frame: DataFrame;
  schema: FrameSchema;
}

/** How often a file that is replaced while it is read is read anew. */
const attempts = 20;

/** Reads one state of a frame. @throws NotFoundError; CorruptDataError for a file that is no whole Arrow file. */
export async function readTemp(files: TempFiles, name: string): Promise<ReadFrame> {
  const path = files.path(name);
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const before = await files.stamp(name, path);
    const read = await readState(files, name, path, before).catch((cause: unknown) => ({ cause }));
    if ((await files.stamp(name, path)) !== before) continue;
    if ("cause" in read) throw damaged(name, read.cause);
    return read;
  }
  throw new CorruptDataError(`${name} was replaced again and again while it was read.`, {
    storage: "temp",
    frame: name,
  });
}

/** The bytes are checked before polars sees them. */
async function readState(files: TempFiles, name: string, path: string, stamp: string): Promise<ReadFrame> {
  const note = await files.note(name, stamp);
  if (note.checksum !== undefined && note.checksum !== (await checksumOf(path))) {
    throw new CorruptDataError("its bytes are not those that were written.", { storage: "temp", frame: name });
  }
  const frame = await readIpc(path);
  return { frame, schema: schemaOf(frame), ...note };
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

import { open } from "node:fs/promises";
import { CorruptDataError, FidelityError } from "../errors.ts";
import { errnoOf, fileError } from "../system/files.ts";
import { holdFile } from "../system/held-file.ts";
import { lazyOf } from "./access.ts";
import { type DataFrame, type LazyDataFrame, pl } from "./polars.ts";
import { details, type FramePlace } from "./schema.ts";

/** What an Arrow file begins and ends with. */
const magic = "ARROW1";

/**
 * Writes a frame as an uncompressed Arrow file, with the oldest compatible layouts (large strings instead of string views),
 * which ArcticDB and every other reader take. Every column type comes back the same: measured for all of `ColumnType`.
 * It writes in place and syncs nothing: call it inside `placeFile`, or on an exchange file.
 */
export async function writeIpc(df: DataFrame | LazyDataFrame, path: string, place: FramePlace = {}): Promise<void> {
  const lazy = pl.DataFrame.isDataFrame(df) ? lazyOf(df) : df;
  if (lazy.columns.includes("")) {
    throw new FidelityError('The frame has a column named "", which an Arrow file can\'t hold.', {
      ...details(place),
      hint: 'Rename it: df.rename({ "": "name" }).',
    });
  }
  try {
    await lazy.sinkIpc(path, { compression: "uncompressed", compatLevel: "oldest", maintainOrder: true }).collect();
  } catch (cause) {
    throw fileError(cause, { ...place, doing: `write ${path}` });
  }
}

/**
 * Reads an Arrow file into memory, also while another is put in its place. The frame no longer needs the file: what happens
 * to it later changes nothing.
 *
 * A flipped byte in the middle of a file is not noticed here; files that must be right carry a checksum of their own.
 *
 * @throws NotFoundError when there is no file; CorruptDataError when it is no whole Arrow file.
 */
export async function readIpc(path: string, place: FramePlace = {}): Promise<DataFrame> {
  await checkEnds(path, place);
  try {
    await using held = await holdFile(path);
    return await pl.scanIPC(held.path).collect();
  } catch (cause) {
    throw readError(cause, path, place);
  }
}

/**
 * Opens an Arrow file for a lazy query. The file has to stay as it is until `collect()` has resolved; one that is replaced by
 * a rename meanwhile may end the process: see `holdFile`.
 *
 * @throws as `readIpc`, as far as the file's ends show it; the rest comes from `collect()`.
 */
export async function scanIpc(path: string, place: FramePlace = {}): Promise<LazyDataFrame> {
  await checkEnds(path, place);
  try {
    return pl.scanIPC(path);
  } catch (cause) {
    throw readError(cause, path, place);
  }
}

async function checkEnds(path: string, place: FramePlace): Promise<void> {
  let begin = "";
  let end = "";
  try {
    await using file = await open(path, "r");
    const { size } = await file.stat();
    const bytes = Buffer.alloc(magic.length);
    await file.read(bytes, 0, magic.length, 0);
    begin = bytes.toString("latin1");
    bytes.fill(0);
    await file.read(bytes, 0, magic.length, Math.max(0, size - magic.length));
    end = bytes.toString("latin1");
  } catch (cause) {
    throw fileError(cause, { ...place, doing: `read ${path}` });
  }
  if (begin !== magic) throw corrupt("it is no Arrow file", path, place);
  if (end !== magic) throw corrupt("it is cut short", path, place);
}

function readError(cause: unknown, path: string, place: FramePlace): Error {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (errnoOf(cause) !== undefined) return fileError(cause, { ...place, doing: `read ${path}` });
  return corrupt(message.split("\n")[0] ?? message, path, place, cause);
}

function corrupt(why: string, path: string, place: FramePlace, cause?: unknown): CorruptDataError {
  return new CorruptDataError(`${path} can't be read: ${why}.`, {
    ...details(place),
    ...(cause !== undefined && { cause }),
    hint: "Restore a backup, or write the file again.",
  });
}

import {
  ConflictError,
  type ErrorDetails,
  InvalidNameError,
  MillraceError,
  NotFoundError,
  SaveError,
  UnavailableError,
} from "../errors.ts";

/** What was being done when a file operation failed. */
export interface FileAction {
  storage?: string;
  frame?: string;
  /** The action as it stands after "Could not": `write /data/prices.csv`. */
  doing: string;
}

/** The error number's name behind a failure: Node's `code`, or Rust's "(os error 28)" in the messages of polars. */
export function errnoOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  if ("code" in cause && typeof cause.code === "string" && /^E[A-Z0-9]+$/.test(cause.code)) return cause.code;
  const number = /\(os error (\d+)\)/.exec(cause.message)?.[1];
  return number === undefined ? undefined : rustErrors[Number(number)];
}

/** Linux numbers; up to 34 macOS has the same, and of those above it only EDQUOT matters (69 there). */
const rustErrors: Record<number, string> = {
  1: "EPERM",
  2: "ENOENT",
  5: "EIO",
  13: "EACCES",
  17: "EEXIST",
  20: "ENOTDIR",
  21: "EISDIR",
  23: "ENFILE",
  24: "EMFILE",
  27: "EFBIG",
  28: "ENOSPC",
  30: "EROFS",
  36: "ENAMETOOLONG",
  69: "EDQUOT",
  122: "EDQUOT",
};

/** Turns the failure of a file operation into the error that a user sees. A MillraceError passes unchanged. */
export function fileError(cause: unknown, { storage, frame, doing }: FileAction): MillraceError {
  if (cause instanceof MillraceError) return cause;
  const details: ErrorDetails = { cause };
  if (storage !== undefined) details.storage = storage;
  if (frame !== undefined) details.frame = frame;
  const could = `Could not ${doing}`;
  switch (errnoOf(cause)) {
    case "ENOENT":
      return new NotFoundError(`${could}: it is not there.`, details);
    case "EACCES":
    case "EPERM":
      return new UnavailableError(`${could}: the file system refused this user.`, {
        ...details,
        code: "ACCESS_DENIED",
        hint: "Give this user the right to the file and its folder, or set another folder.",
      });
    case "EROFS":
      return new UnavailableError(`${could}: the file system is read-only.`, {
        ...details,
        code: "ACCESS_DENIED",
        hint: "Set a folder that can be written, or mount it writable.",
      });
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return new SaveError(`${could}: no space is left there.`, {
        ...details,
        code: "DISK_FULL",
        hint: "Free space there, or raise the quota, then try again.",
      });
    case "EMFILE":
    case "ENFILE":
      return new UnavailableError(`${could}: too many files are open.`, {
        ...details,
        hint: "Raise the limit (`ulimit -n 65536`), or do less at once.",
      });
    case "ENAMETOOLONG":
      return new InvalidNameError(`${could}: the name is too long for the file system.`, details);
    case "ELOOP":
      return new InvalidNameError(`${could}: a symbolic link stands in the way.`, details);
    case "EISDIR":
      return new InvalidNameError(`${could}: a folder stands under that name.`, details);
    case "EEXIST":
      if ((cause as NodeJS.ErrnoException).syscall === "open") {
        return new ConflictError(`${could}: another writer is at the same place.`, {
          ...details,
          hint: "Try again when it is done.",
        });
      }
      return new InvalidNameError(`${could}: a file stands where a folder has to be.`, details);
    case "ENOTDIR":
      return new InvalidNameError(`${could}: a file stands where a folder has to be.`, details);
    case "EIO":
    case "ESTALE":
    case "EBUSY":
    case "ETIMEDOUT":
      return new UnavailableError(`${could}: the disk or the network share does not answer rightly.`, details);
    default:
      return new SaveError(`${could}: ${cause instanceof Error ? cause.message : String(cause)}`, details);
  }
}

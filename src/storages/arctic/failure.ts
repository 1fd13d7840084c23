import {
  ConflictError,
  CorruptDataError,
  type ErrorDetails,
  FidelityError,
  MillraceError,
  NotFoundError,
  SaveError,
  SchemaError,
  UnavailableError,
} from "../../errors.ts";
import { WorkerFailure, WorkerGone, WorkerTimeout } from "./connection.ts";
import type { ArcticPlace } from "./uri.ts";

/** What was asked of the worker when it failed. */
export interface Asked {
  place: ArcticPlace;
  /** The action as it stands after "Could not": `read prices`. */
  doing: string;
  frame?: string;
  /** What the local store turned out to be. */
  store?: "cut short" | "full" | undefined;
}

/** Turns what the worker said, or that it said nothing, into the error that a user sees. No secret stands in its message. */
export function arcticError(cause: unknown, { place, doing, frame, store }: Asked): unknown {
  if (cause instanceof MillraceError) return cause;
  const details: ErrorDetails = { storage: "arctic", ...(frame !== undefined && { frame }) };
  const could = `Could not ${doing} in ArcticDB (${place.where})`;
  if (store === "full") return diskFull(could, details);
  if (store === "cut short") {
    return new CorruptDataError(`${could}: its file data.mdb is cut short.`, {
      ...details,
      hint: `Move ${place.where} away and restore the backups with \`millrace restore\`; what was not backed up is lost.`,
    });
  }
  if (cause instanceof WorkerGone) {
    return new UnavailableError(`${could}: its worker ended before it answered.`, {
      ...details,
      hint: "Try again; a new worker is started. If it ends each time, the data may be damaged: restore a backup.",
    });
  }
  if (cause instanceof WorkerTimeout) {
    return new UnavailableError(`${could}: no answer in time, so the worker was ended.`, {
      ...details,
      hint: "Try again, or allow more time with ARCTIC_TIMEOUT.",
    });
  }
  if (!(cause instanceof WorkerFailure)) return cause;
  const said = withoutSecrets(cause.message, place).slice(0, 500);
  switch (cause.code) {
    case "not_found":
      return new NotFoundError(`${could}: nothing has that name.`, details);
    case "pickled":
      return new FidelityError(`${could}: ${said}`, {
        ...details,
        hint: "Write it from Python as a DataFrame of plain types.",
      });
    case "no_table":
    case "refused":
      return new SchemaError(`${could}: ${said}`, details);
    case "disk_full":
      return diskFull(could, details);
    case "denied":
      return new UnavailableError(`${could}: access was refused. ${said}`, {
        ...details,
        code: "ACCESS_DENIED",
        hint: "Check ARCTIC_ACCESS_KEY, ARCTIC_SECRET_KEY and the rights of the bucket or folder.",
      });
    case "import":
      return new UnavailableError(`${could}: ${said}`, {
        ...details,
        code: "DEPENDENCY_MISSING",
        hint: "Remove ArcticDB's folder in the cache (`millrace doctor` shows it); it is then made again.",
      });
    case "no_bucket":
      return new UnavailableError(`${could}: the bucket or container does not exist.`, {
        ...details,
        hint: "Check ARCTIC_BUCKET, or Container in ARCTIC_HOST; none is created. A new bucket also has to be in ARCTIC_REGION.",
      });
    case "exists":
      return new ConflictError(`${could}: ${said}`, {
        ...details,
        code: "NAME_CONFLICT",
        hint: "Use another name, or delete that one first.",
      });
    case "no_memory":
      return new UnavailableError(`${could}: its worker had not enough memory.`, {
        ...details,
        hint: "Read or save less at once (`getBatches`, `columns`, `from`), or give the machine more memory.",
      });
    case "no_files":
      return new UnavailableError(`${could}: too many files are open.`, {
        ...details,
        hint: "Raise the limit (`ulimit -n 65536`), and end the worker with `millrace stop`.",
      });
    case "superseded":
      return new ConflictError(`${could}: ${said}`, {
        ...details,
        code: "LOCKED",
        hint: "Try again when it is done. Programs that write the same names should share FS_DATA, where their locks are.",
      });
    case "table_gone":
    case "unavailable":
      return new UnavailableError(`${could}: ${said}`, { ...details, hint: "Check ARCTIC_HOST and the server." });
    default:
      return new SaveError(`${could}: ${said}`, details);
  }
}

function diskFull(could: string, details: ErrorDetails): SaveError {
  return new SaveError(`${could}: no space is left there.`, {
    ...details,
    code: "DISK_FULL",
    hint: "Free space there and in FS_TEMP, or give the LMDB address a larger ?map_size=.",
  });
}

function withoutSecrets(text: string, { secrets, uri, where }: ArcticPlace): string {
  return secrets.reduce((kept, secret) => kept.replaceAll(secret, "***"), text.replaceAll(uri, where));
}

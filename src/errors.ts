import { type CodeOf, type ErrorCode, errorCodes } from "./error-codes.ts";

/** What an error tells besides its message. */
export interface ErrorDetails {
  /** Type of the storage concerned. */
  storage?: string;
  /** Name of the frame concerned. */
  frame?: string;
  /** What to do next, in one sentence. */
  hint?: string;
  /** The error beneath it. Shown with secrets hidden. */
  cause?: unknown;
}

/**
 * What every failure of millrace is. `retryable` answers the one question that retry code asks.
 * No message, hint or cause ever holds a password.
 */
export abstract class MillraceError extends Error {
  /** What happened, as one of the codes in docs/errors.md. */
  readonly code: ErrorCode;
  /** Type of the storage concerned. */
  readonly storage: string | undefined;
  /** Name of the frame concerned. */
  readonly frame: string | undefined;
  /** What to do next, in one sentence. */
  readonly hint: string | undefined;
  /** Whether trying again may help. */
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.name = errorCodes[code].kind;
    this.code = code;
    this.storage = details.storage;
    this.frame = details.frame;
    this.hint = details.hint;
    this.retryable = errorCodes[code].retryable;
  }
}

type Details<Kind extends string> = ErrorDetails & { code?: CodeOf<Kind> };

/** Nothing has that name. */
export class NotFoundError extends MillraceError {
  constructor(message: string, { code = "FRAME_NOT_FOUND", ...details }: Details<"NotFoundError"> = {}) {
    super(code, message, details);
  }
}

/** A name that its storage can't take. */
export class InvalidNameError extends MillraceError {
  constructor(message: string, { code = "NAME_INVALID", ...details }: Details<"InvalidNameError"> = {}) {
    super(code, message, details);
  }
}

/** Columns or values that do not fit what was declared or kept. */
export class SchemaError extends MillraceError {
  constructor(message: string, { code = "SCHEMA_MISMATCH", ...details }: Details<"SchemaError"> = {}) {
    super(code, message, details);
  }
}

/** Something that the storage can't hold exactly; refused rather than altered. */
export class FidelityError extends MillraceError {
  constructor(message: string, { code = "NOT_EXACT", ...details }: Details<"FidelityError"> = {}) {
    super(code, message, details);
  }
}

/** Stored bytes that are damaged. */
export class CorruptDataError extends MillraceError {
  constructor(message: string, { code = "DATA_CORRUPT", ...details }: Details<"CorruptDataError"> = {}) {
    super(code, message, details);
  }
}

/** Two writers, or two names, that stand in each other's way. */
export class ConflictError extends MillraceError {
  constructor(message: string, { code = "LOCKED", ...details }: Details<"ConflictError"> = {}) {
    super(code, message, details);
  }
}

/** Something that is needed does not answer or is not there. */
export class UnavailableError extends MillraceError {
  constructor(message: string, { code = "STORAGE_UNAVAILABLE", ...details }: Details<"UnavailableError"> = {}) {
    super(code, message, details);
  }
}

/** A save or a backup that did not happen; the old data is whole. */
export class SaveError extends MillraceError {
  constructor(message: string, { code = "SAVE_FAILED", ...details }: Details<"SaveError"> = {}) {
    super(code, message, details);
  }
}

/** A wrong setting, option or definition. */
export class ConfigError extends MillraceError {
  constructor(message: string, { code = "CONFIG_INVALID", ...details }: Details<"ConfigError"> = {}) {
    super(code, message, details);
  }
}

/** A run of a pipeline that did not end well. */
export class RunError extends MillraceError {
  constructor(message: string, { code = "RUN_FAILED", ...details }: Details<"RunError"> = {}) {
    super(code, message, details);
  }
}

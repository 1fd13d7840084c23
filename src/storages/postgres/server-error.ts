import {
  ConfigError,
  ConflictError,
  type ErrorDetails,
  FidelityError,
  MillraceError,
  NotFoundError,
  SaveError,
  SchemaError,
  UnavailableError,
} from "../../errors.ts";
import { errnoOf } from "../../system/files.ts";

/** What a fence's statement fails with. */
export const leaseLostState = "MR001";

/** What was being done, for the error's fields. */
export interface Action {
  readonly frame?: string | undefined;
  readonly doing: "read" | "save" | "connect" | "delete";
  /** `host:port`, for a server that does not answer. */
  readonly server: string;
  /** Who holds the table that was waited for. */
  readonly holder?: string | null | undefined;
}

/** The fields of the server's error message that are used here. */
interface ServerFields {
  code: string;
  detail?: string;
  hint?: string;
}

/** Turns what the driver or the server rejects with into the error that a user sees. A MillraceError passes unchanged. */
export function serverError(cause: unknown, action: Action): MillraceError {
  if (cause instanceof MillraceError) return cause;
  const details: ErrorDetails = {
    storage: "postgres",
    cause,
    ...(action.frame !== undefined && { frame: action.frame }),
  };
  const message = cause instanceof Error ? cause.message : String(cause);
  const { code, detail, hint } = fieldsOf(cause);
  const text = `${message}${detail ? ` (${detail})` : ""}`;
  if (hint) details.hint = hint;
  if (code === "28P01" || code === "28000") {
    return new UnavailableError(`PostgreSQL at ${action.server} refused the user or the password: ${text}`, {
      ...details,
      code: "ACCESS_DENIED",
      hint: "Check DB_USER and DB_PASSWORD.",
    });
  }
  if (code === "42501") {
    const denied = `PostgreSQL at ${action.server} does not let this user ${action.doing}: ${text}`;
    return new UnavailableError(denied, { ...details, code: "ACCESS_DENIED", hint: "Ask for the right with GRANT." });
  }
  if (/CERT|^ERR_TLS|^UNABLE_TO_|ISSUER/.test(code)) {
    return new UnavailableError(`The certificate of PostgreSQL at ${action.server} is not trusted: ${text}`, {
      ...details,
      code: "ACCESS_DENIED",
      hint: "Name the authority that signed it with DB_CA, and the server as the certificate does with DB_SERVER.",
    });
  }
  if (/does not support SSL/.test(message)) {
    const hint = "Turn TLS on there, or set DB_TLS=off.";
    return new UnavailableError(`PostgreSQL at ${action.server} has no TLS.`, {
      ...details,
      code: "ACCESS_DENIED",
      hint,
    });
  }
  if (isConnectionLost(cause, code)) {
    return new UnavailableError(`PostgreSQL at ${action.server} does not answer: ${text || errnoOf(cause)}`, {
      ...details,
      hint: "Start the server, or mend DB_SERVER and DB_PORT. Without a server of your own set DB_EMBEDDED=always.",
    });
  }
  switch (code) {
    case leaseLostState:
      return new ConflictError(message, { ...details, code: "LEASE_LOST" });
    case "55P03":
    case "40P01":
      return new ConflictError(`${action.holder ?? "Another program"} held the table for too long: ${text}`, {
        ...details,
        hint: "Try again when it is done, or raise LOCK_TIMEOUT.",
      });
    case "57014":
      return timedOut(text, action, details);
    case "40001":
      return new ConflictError(`Another program changed the same rows: ${text}`, details);
    case "42P07":
    case "42710":
      return new ConflictError(`Something else has that name already: ${text}`, { ...details, code: "NAME_CONFLICT" });
    case "42P01":
    case "3F000":
      return new NotFoundError(text, details);
    case "53100":
      return new SaveError(`The server's disk is full: ${text}`, { ...details, code: "DISK_FULL" });
    case "54000":
    case "54001":
    case "54011":
      return new FidelityError(`PostgreSQL can't hold that row or table: ${text}`, {
        ...details,
        hint: "Save fewer or smaller columns in one frame.",
      });
    case "23505":
    case "21000":
      return new SchemaError(`The key would stand twice: ${text}`, {
        hint: 'To replace rows whose key is there, save with mode "upsert"; to leave them alone, with "insertOnly".',
        ...details,
        code: "KEY_INVALID",
      });
    case "23502":
    case "23503":
    case "23514":
    case "42701":
    case "42703":
    case "42804":
      return new SchemaError(text, details);
    default:
      return refused(`PostgreSQL refused: ${text}`, code, action, details);
  }
}

function timedOut(text: string, { doing }: Action, details: ErrorDetails): MillraceError {
  const message = `It took longer than DB_STATEMENT_TIMEOUT, or the server's operator ended it: ${text}`;
  const hint = "Raise DB_STATEMENT_TIMEOUT, or do less at once.";
  if (doing === "save" || doing === "delete") return new SaveError(message, { ...details, hint });
  return new UnavailableError(message, { ...details, hint });
}

/** Trying again helps a read only where the server failed, not where the statement or a value is wrong. */
function refused(message: string, code: string, { doing }: Action, details: ErrorDetails): MillraceError {
  if (doing === "save" || doing === "delete") return new SaveError(message, details);
  if (doing === "connect" || serverFailed(code)) return new UnavailableError(message, details);
  if (code.startsWith("22")) return new SchemaError(message, details);
  return new ConfigError(message, {
    hint: "A query is one SELECT that PostgreSQL takes, and changes nothing.",
    ...details,
  });
}

/**
 * The driver's own failures have no SQLSTATE. Class 08 is the connection, 40 a transaction undone, 53 resources, 57 an operator's
 * or a timeout's end, 58 the system around the server, XX the server itself.
 */
function serverFailed(code: string): boolean {
  return !/^[0-9A-Z]{5}$/.test(code) || /^(08|40|53|57|58|XX)/.test(code);
}

export function fieldsOf(cause: unknown): ServerFields {
  if (!(cause instanceof Error) || !("code" in cause) || typeof cause.code !== "string") return { code: "" };
  const { code, detail, hint } = cause as Error & ServerFields;
  return { code, ...(typeof detail === "string" && { detail }), ...(typeof hint === "string" && { hint }) };
}

/** Class 08 is a connection's failure, 57P01 to 57P05 a server that shuts down or starts, 53300 one without room. */
export function isConnectionLost(cause: unknown, code = fieldsOf(cause).code): boolean {
  if (/^(08|57P0[1-5]|53300)/.test(code) || errnoOf(cause) !== undefined || code.startsWith("EAI_")) return true;
  const message = cause instanceof Error ? cause.message : "";
  return /Connection terminated|timeout exceeded when trying to connect|not queryable|Connection ended/i.test(message);
}

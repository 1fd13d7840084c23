import { homedir, tmpdir } from "node:os";
import { resolve } from "node:path";
import { HTTPException } from "hono/http-exception";
import type { Config } from "../config/settings.ts";
import { MillraceError } from "../errors.ts";

/** What a failed request is answered with. */
export interface FailureAnswer {
  readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 421 | 422 | 429 | 500 | 503;
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string };
}

const statusByKind: Readonly<Record<string, FailureAnswer["status"]>> = {
  NotFoundError: 404,
  InvalidNameError: 400,
  ConfigError: 400,
  SchemaError: 400,
  ConflictError: 409,
  FidelityError: 422,
  UnavailableError: 503,
};

/** The answer to a failure: its own words without a path of this machine, and never a stack. */
export function failureAnswer(error: unknown, config: Config): FailureAnswer {
  if (error instanceof HTTPException) {
    const status = error.status as FailureAnswer["status"];
    return { status, error: { code: `HTTP_${status}`, message: error.message } };
  }
  if (!(error instanceof MillraceError)) {
    return { status: 500, error: { code: "UNEXPECTED", message: "The request failed; the service's log says why." } };
  }
  const { code, message, hint } = error;
  return {
    status: statusByKind[error.name] ?? 500,
    error: {
      code,
      message: withoutPaths(message, config),
      ...(hint === undefined ? {} : { hint: withoutPaths(hint, config) }),
    },
  };
}

/** The text with folders of this machine, and any other absolute path, left out. */
export function withoutPaths(text: string, { FS_DATA, FS_TEMP, FS_BACKUP }: Config): string {
  const folders = [FS_DATA, FS_TEMP, FS_BACKUP, process.cwd(), homedir(), tmpdir()]
    .filter((folder) => folder !== undefined && folder !== "/")
    .map((folder) => resolve(folder as string))
    .sort((a, b) => b.length - a.length);
  const known = folders.reduce((rest, folder) => rest.replaceAll(folder, "…"), text);
  // A path begins after a space, a quote or a bracket; an address has a colon before its slashes.
  return known.replace(/(^|[\s"'`(=])\/(?:[^\s"'`)]*[^\s"'`).,;:])/g, "$1…");
}

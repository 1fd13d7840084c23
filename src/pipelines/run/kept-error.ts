import { secretSettings } from "../../config/secrets.ts";
import { type Config, settingMeta } from "../../config/settings.ts";
import type { KeptError } from "../../contracts/ledger.ts";
import { MillraceError } from "../../errors.ts";

/** An error as the ledger and events have it: its text without passwords. */
export function keptError(cause: unknown, config: Config): KeptError {
  if (cause instanceof FailedElsewhere) return cause.kept;
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const message = withoutSecrets(error.message, config);
  const base = { name: error.name, message, retryable: isRetryable(cause) };
  if (!(error instanceof MillraceError)) return base;
  const { code, hint, frame, storage } = error;
  return {
    ...base,
    code,
    ...(hint !== undefined && { hint: withoutSecrets(hint, config) }),
    ...(frame !== undefined && { frame }),
    ...(storage !== undefined && { storage }),
  };
}

/** An error that another process met, as the ledger has it. */
export class FailedElsewhere extends Error {
  readonly kept: KeptError;

  constructor(kept: KeptError) {
    super(kept.message);
    this.name = kept.name;
    this.kept = kept;
  }
}

/** The one question that retry code asks. A page that is not there stays so, though its host answers. */
export function isRetryable(cause: unknown): boolean {
  if (typeof cause !== "object" || cause === null) return false;
  if ("passing" in cause && cause.passing === false) return false;
  return "retryable" in cause && cause.retryable === true;
}

/** A short password is a word like any other and would tear holes into every text. */
const shortest = 6;

function withoutSecrets(text: string, config: Config): string {
  let shown = text.replace(/(\w:\/\/[^\s/:@]*):[^\s/@]+@/g, "$1:***@");
  for (const name of secretSettings) {
    const value: unknown = config[name];
    // Of a URI only the part that the line above hides is secret: LEDGER may be the word "postgres".
    if (settingMeta(name).secret === "uri") continue;
    if (typeof value === "string" && value.length >= shortest && value !== "password" && !value.includes("://")) {
      shown = shown.replaceAll(value, "***");
    }
  }
  return shown;
}

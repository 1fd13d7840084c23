import type { CodeOf } from "../error-codes.ts";
import { UnavailableError } from "../errors.ts";

/** Statuses that mean "later", so that trying again can help. */
const passing = new Set([408, 425, 429]);

/** What is known of a page that could not be had. */
export interface PageErrorDetails {
  status?: number | undefined;
  retryAfter?: number | undefined;
  /** What follows the address in the message. */
  reason?: string | undefined;
  code?: CodeOf<"UnavailableError"> | undefined;
  hint?: string | undefined;
  cause?: unknown;
}

/** A page that could not be had. */
export class PageError extends UnavailableError {
  readonly url: string;
  /** HTTP status; `undefined` when nothing answered. */
  readonly status: number | undefined;
  /** Milliseconds the server asked to wait. */
  readonly retryAfter: number | undefined;

  constructor(url: string, details: PageErrorDetails) {
    const { status, retryAfter, reason, cause } = details;
    const code = details.code ?? (status === 401 || status === 403 ? "ACCESS_DENIED" : undefined);
    super(`${shownUrl(url)} ${reason ?? `answered ${status}`}.`, {
      ...(code && { code }),
      ...(cause === undefined ? {} : { cause }),
      hint: details.hint ?? "Open the address in a browser; the saved data is as it was.",
    });
    this.url = shownUrl(url);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request can succeed a moment later. */
  get passing(): boolean {
    return this.retryable && (this.status === undefined || this.status >= 500 || passing.has(this.status));
  }
}

/** Names of parts of a query that hold a secret. */
const secretParts =
  /^(?:.*[-_.])?(?:token|api[-_]?key|apikey|key|secret|password|passwd|pwd|sig|signature|auth|session(?:id)?)$/i;

/** Whether a query's part, or a form's field, is a secret by its name. */
export function isSecretName(name: string): boolean {
  return secretParts.test(name);
}

/** The address as it may be shown and kept: without a user, a password and the secrets of its query. */
export function shownUrl(url: string, secrets: readonly string[] = []): string {
  if (!URL.canParse(url)) return url;
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  const hidden = [...shown.searchParams.keys()].filter((name) => isSecretName(name) || secrets.includes(name));
  // A query without secrets stays as it was written: a URLSearchParams writes spaces and signs in its own way.
  for (const name of new Set(hidden)) shown.searchParams.set(name, "hidden");
  return shown.href;
}

/** Milliseconds from a Retry-After header (seconds or a date). */
export function retryAfterOf(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  const wait = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isNaN(wait) ? undefined : Math.max(wait, 0);
}

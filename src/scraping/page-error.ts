import { UnavailableError } from "../errors.ts";

/** Statuses that mean "later", so that trying again can help. */
const passing = new Set([408, 425, 429]);

/** A page that could not be had. */
export class PageError extends UnavailableError {
  readonly url: string;
  /** HTTP status; `undefined` when nothing answered. */
  readonly status: number | undefined;
  /** Milliseconds the server asked to wait. */
  readonly retryAfter: number | undefined;

  constructor(url: string, details: { status?: number; retryAfter?: number; reason?: string; cause?: unknown }) {
    const { status, retryAfter, reason, cause } = details;
    super(`${shownUrl(url)} ${reason ?? `answered ${status}`}.`, {
      ...(status === 401 || status === 403 ? { code: "ACCESS_DENIED" as const } : {}),
      ...(cause === undefined ? {} : { cause }),
      hint: "Open the address in a browser; the saved data is as it was.",
    });
    this.url = shownUrl(url);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request can succeed a moment later. */
  get passing(): boolean {
    return this.status === undefined || this.status >= 500 || passing.has(this.status);
  }
}

/** The address as it may be shown: without a user and a password. */
export function shownUrl(url: string): string {
  if (!URL.canParse(url)) return url;
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  return shown.href;
}

/** Milliseconds from a Retry-After header (seconds or a date), at most `max`. */
export function retryAfterOf(header: string | undefined, now = Date.now(), max = 60_000): number | undefined {
  if (header === undefined) return undefined;
  const wait = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), max);
}

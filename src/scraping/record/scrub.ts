import type { WebHeaders } from "../http/exchange.ts";
import { isSecretName, shownUrl } from "../page-error.ts";

/** What stands in an archive where a secret was. */
const hidden = "hidden";
const secretHeaders = new Set([
  "authorization",
  "proxy-authorization",
  "cookie",
  "set-cookie",
  "x-api-key",
  "x-csrf-token",
]);

/** Shorter values are too common to be looked for in pages. */
const leastLength = 6;

/** Takes secrets out of what is kept: those known by where they stand, and known values wherever they stand. */
export class Scrubber {
  readonly #names: readonly string[];
  readonly #values = new Set<string>();

  /** @param names further parts of a query, headers and fields that are secrets. @param values secrets that are known. */
  constructor(names: readonly string[], values: Iterable<string>) {
    this.#names = names.map((name) => name.toLowerCase());
    for (const value of values) this.learn(value);
  }

  /** Another secret that is known from now on. */
  learn(value: string): void {
    const bare = value.replace(/^(?:Bearer|Basic|Token)\s+/i, "");
    if (bare.length < leastLength || bare === hidden) return;
    this.#values.add(bare);
    this.#values.add(encodeURIComponent(bare));
  }

  url(url: string): string {
    const { searchParams } = new URL(url);
    for (const [name, value] of searchParams) if (this.#isSecret(name)) this.learn(value);
    return this.text(shownUrl(url, this.#names));
  }

  headers(headers: WebHeaders): Record<string, string | readonly string[]> {
    return Object.fromEntries(
      Object.entries(headers).map(([name, value]) => {
        if (secretHeaders.has(name) || this.#isSecret(name)) return [name, hidden];
        return [name, typeof value === "string" ? this.text(value) : value.map((each) => this.text(each))];
      }),
    );
  }

  text(text: string): string {
    let scrubbed = text;
    for (const value of this.#values) if (scrubbed.includes(value)) scrubbed = scrubbed.replaceAll(value, hidden);
    return scrubbed;
  }

  /** Any bytes: only a body that holds a known secret is changed. */
  body(body: Buffer): Buffer {
    const found = [...this.#values].filter((value) => body.includes(value));
    if (found.length === 0) return body;
    let text = body.toString("latin1");
    for (const value of found) text = text.replaceAll(Buffer.from(value).toString("latin1"), hidden);
    return Buffer.from(text, "latin1");
  }

  #isSecret(name: string): boolean {
    return isSecretName(name) || this.#names.includes(name.toLowerCase());
  }
}

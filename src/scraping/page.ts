import { SchemaError } from "../errors.ts";
import type { SelectorCounts } from "./gate/selectors.ts";
import { watched } from "./gate/selectors.ts";
import { headerOf, type WebAnswer, type WebHeaders } from "./http/exchange.ts";
import type { LoadMarkup, Markup } from "./markup.ts";
import { PageError } from "./page-error.ts";

/** One fetched page, as `parse` and `next` get it. */
export interface Page {
  /** The page's markup, to be asked with selectors: `$("tr.row")`. Empty for a JSON answer. */
  readonly $: Markup;
  /** Where the page came from in the end, after redirects. */
  readonly url: string;
  /** 1 for the start page, then 2, 3 … along `next`. */
  readonly number: number;
  /** What was asked for: the address before redirects. */
  readonly request: { readonly url: string };
  /** HTTP status. */
  readonly status: number;
  /** The answer's headers by their small names. */
  readonly headers: WebHeaders;
  /** When the answer came: the recorded moment in a replay, so that rows that hold it stay the same. */
  readonly time: Date;
  /** The answer as text. */
  readonly body: string;
  /** The answer as JSON. @throws SchemaError when it is none. */
  json(): unknown;
}

/** Kinds of answers that are pages. */
const pageTypes = /(?:html|xml|json|javascript|text\/plain|text\/csv)$/;

/** The answer as a page. Its text is decoded, and its markup parsed, when first asked for. @throws PageError when it is no page. */
export function pageOf(
  answer: WebAnswer,
  about: { readonly number: number; readonly url: string },
  load: LoadMarkup,
  counts: SelectorCounts,
): Page {
  const type = (headerOf(answer.headers, "content-type") ?? "text/html").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (!pageTypes.test(type)) {
    throw new PageError(answer.url, { status: answer.status, reason: `answered with ${type}, which is no page` });
  }
  let markup: Markup | undefined;
  let text: string | undefined;
  const body = () => {
    text ??= textOf(answer);
    return text;
  };
  return {
    get $() {
      const isXml = type.endsWith("xml") && !type.includes("html");
      markup ??= watched(load(type.endsWith("json") ? "" : body(), isXml), counts);
      return markup;
    },
    get body() {
      return body();
    },
    url: answer.url,
    number: about.number,
    request: { url: about.url },
    status: answer.status,
    headers: answer.headers,
    time: answer.time,
    json() {
      try {
        return exactJson(body());
      } catch (cause) {
        throw new SchemaError("The answer is not JSON.", { cause });
      }
    },
  };
}

/** JSON with whole numbers beyond 2^53 as bigints: as numbers they would lose digits. */
function exactJson(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  const revive = (_: string, value: unknown, context?: { source?: string }) => {
    const digits = context?.source;
    const isWide =
      typeof value === "number" && !Number.isSafeInteger(value) && digits !== undefined && /^-?\d+$/.test(digits);
    return isWide ? BigInt(digits) : value;
  };
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown);
}

/** The body's text: by its byte order mark, the header's charset, the one that the document names, else UTF-8. */
export function textOf({ body, headers }: Pick<WebAnswer, "body" | "headers">): string {
  const named = /charset\s*=\s*"?([\w-]+)/i.exec(headerOf(headers, "content-type") ?? "")?.[1];
  const begin = named === undefined ? body.toString("latin1", 0, 1_024) : "";
  const told =
    /<meta[^>]+charset\s*=\s*["']?([\w-]+)/i.exec(begin) ?? /<\?xml[^>]+encoding\s*=\s*["']([\w-]+)/i.exec(begin);
  return decoder(bomOf(body) ?? named ?? told?.[1] ?? "utf-8").decode(body);
}

function bomOf(body: Buffer): string | undefined {
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) return "utf-8";
  if (body[0] === 0xff && body[1] === 0xfe) return "utf-16le";
  return body[0] === 0xfe && body[1] === 0xff ? "utf-16be" : undefined;
}

function decoder(charset: string) {
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}

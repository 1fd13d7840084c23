/** A page to ask for: its address, or more where a GET of it does not do. */
export type Ask = string | AskDetails;

export interface AskDetails {
  readonly url: string;
  /** Default: GET, or POST with a body. */
  readonly method?: "GET" | "POST";
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** It leads to further pages and is not parsed itself. Default: `true` for the start pages of a source with `follow`. */
  readonly list?: boolean;
}

/** A page to ask for, in the one form that is kept. */
export interface PlainAsk {
  readonly url: string;
  readonly method: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly list: boolean;
}

/** @param base what a relative address is relative to. @throws TypeError when it is no address. */
export function plainAsk(ask: Ask, list: boolean, base?: string): PlainAsk {
  const { url, method, body, headers, list: own = list } = typeof ask === "string" ? { url: ask } : (ask as AskDetails);
  const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  const type = typeof body === "string" ? "application/x-www-form-urlencoded" : "application/json";
  return {
    url: new URL(url, base).href,
    method: method ?? (text === undefined ? "GET" : "POST"),
    ...(text !== undefined && { body: text }),
    ...((headers || text !== undefined) && {
      headers: { ...(text !== undefined && { "content-type": type }), ...headers },
    }),
    list: own,
  };
}

/** What tells one page from another: the same one is asked for once. */
export function keyOfAsk({ method, url, body }: PlainAsk): string {
  return `${method} ${url.replace(/#.*$/, "")} ${body ?? ""}`;
}

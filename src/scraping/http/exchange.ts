/** One request as the layers of the web client hand it on. Header names are in lower case. */
export interface WebRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The proxy that it goes through. */
  readonly proxyUrl?: string | undefined;
  /** Where the body goes instead of memory. What stands there is replaced. */
  readonly into?: string | undefined;
  /** Told of each redirect, with the headers of the next request, which it may change. */
  readonly onRedirect?:
    | ((answer: WebAnswer, next: { url: string; headers: Record<string, string> }) => void)
    | undefined;
}

/** What came back. The body is unpacked; `content-encoding` is gone from the headers. */
export interface WebAnswer {
  readonly url: string;
  readonly status: number;
  readonly headers: WebHeaders;
  /** Empty when it lies in a file. */
  readonly body: Buffer;
  readonly file?: string | undefined;
  /** When it came; of a replayed answer, when it was recorded. */
  readonly time: Date;
}

export type WebHeaders = Readonly<Record<string, string | readonly string[]>>;

/** One layer of the web client, or all of them. @throws PageError */
export type Fetch = (request: WebRequest) => Promise<WebAnswer>;

/** A header's value, several joined by commas. */
export function headerOf(headers: WebHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" || value === undefined ? value : value.join(", ");
}

import type { Config } from "../../config/settings.ts";

/** An answer, as a login step gets it. */
export interface LoginAnswer {
  readonly status: number;
  readonly url: string;
  readonly body: string;
  json(): unknown;
}

/** What a login step works with. Its cookies belong to the session that it begins; nothing of it is recorded. */
export interface LoginTools {
  readonly config: Config;
  get(url: string): Promise<LoginAnswer>;
  /** A text is sent as it is; an object as a form, or as JSON when told so. */
  post(
    url: string,
    body: string | Readonly<Record<string, unknown>>,
    options?: { json?: boolean },
  ): Promise<LoginAnswer>;
}

/** A login step: it may resolve with headers to send from then on, such as a token. */
export type Login = (tools: LoginTools) => Promise<Readonly<Record<string, string>> | undefined>;

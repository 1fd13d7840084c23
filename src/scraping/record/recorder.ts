import { STATUS_CODES } from "node:http";
import type { Fetch, WebAnswer, WebHeaders, WebRequest } from "../http/exchange.ts";
import type { Scrubber } from "./scrub.ts";
import { WarcWriter } from "./warc-writer.ts";

/** Keeps every exchange in one archive, without its secrets. */
export class Recorder {
  readonly #writer: WarcWriter;
  readonly #agent: string;
  #begun = false;

  constructor(path: string, agent: string) {
    this.#writer = new WarcWriter(path);
    this.#agent = agent;
  }

  get path(): string {
    return this.#writer.path;
  }

  /** The layer that records. */
  layer(scrubber: Scrubber): (next: Fetch) => Fetch {
    return (next) => async (request) => {
      const answer = await next(request);
      await this.keep(request, answer, scrubber);
      return answer;
    };
  }

  async keep(request: WebRequest, answer: WebAnswer, scrubber: Scrubber): Promise<void> {
    await this.#begin();
    const url = scrubber.url(request.url);
    const { pathname, search, host } = new URL(url);
    const sent = { host, ...scrubber.headers(request.headers) };
    const body = answer.file ?? scrubber.body(answer.body);
    const received = {
      ...scrubber.headers(answer.headers),
      ...(typeof body !== "string" && { "content-length": String(body.length) }),
    };
    await this.#writer.add(
      {
        type: "request",
        date: answer.time,
        url,
        contentType: "application/http;msgtype=request",
        head: headOf(`${request.method} ${pathname}${search} HTTP/1.1`, sent),
        body: Buffer.from(scrubber.text(request.body ?? "")),
      },
      {
        type: "response",
        date: answer.time,
        url,
        contentType: "application/http;msgtype=response",
        head: headOf(`HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? "Unknown"}`, received),
        body,
      },
    );
  }

  /** Puts the archive in place; it is there even when nothing was asked. */
  async close(): Promise<void> {
    await this.#begin();
    await this.#writer.close();
  }

  async #begin(): Promise<void> {
    if (this.#begun) return;
    this.#begun = true;
    const about = [
      `software: ${this.#agent}`,
      "format: WARC File Format 1.1",
      'note: bodies are kept unpacked, secrets as "hidden"',
    ];
    await this.#writer.add({
      type: "warcinfo",
      date: new Date(),
      contentType: "application/warc-fields",
      head: Buffer.alloc(0),
      body: Buffer.from(`${about.join("\r\n")}\r\n`),
    });
  }
}

function headOf(first: string, headers: WebHeaders): Buffer {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === "string" ? [`${name}: ${value}`] : value.map((each) => `${name}: ${each}`),
  );
  return Buffer.from(`${[first, ...lines].join("\r\n")}\r\n\r\n`, "latin1");
}

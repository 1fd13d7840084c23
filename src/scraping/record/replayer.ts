import { type FileHandle, open, writeFile } from "node:fs/promises";
import type { Config } from "../../config/settings.ts";
import { type ExchangeFile, exchangeFile } from "../../frame/exchange.ts";
import type { Fetch, WebAnswer, WebHeaders, WebRequest } from "../http/exchange.ts";
import { codingsOf, unpack } from "../http/unpack.ts";
import { PageError } from "../page-error.ts";
import type { Scrubber } from "./scrub.ts";
import { headersOf, readWarc } from "./warc-reader.ts";

interface Kept {
  readonly status: number;
  readonly headers: WebHeaders;
  readonly time: Date;
  readonly offset: number;
  readonly length: number;
}

const headEnd = Buffer.from("\r\n\r\n");
/** Of archives that others made: what one body may unpack to. */
const limit = 256 << 20;

/** Answers from an archive instead of the network. Bodies lie in an exchange file meanwhile, not in memory. */
export class Replayer implements AsyncDisposable {
  readonly path: string;
  readonly #kept: ReadonlyMap<string, Kept[]>;
  readonly #bodies: FileHandle;
  readonly #file: ExchangeFile;

  private constructor(path: string, kept: ReadonlyMap<string, Kept[]>, file: ExchangeFile, bodies: FileHandle) {
    this.path = path;
    this.#kept = kept;
    this.#file = file;
    this.#bodies = bodies;
  }

  /** @throws NotFoundError, CorruptDataError */
  static async open(path: string, config: Pick<Config, "FS_TEMP">): Promise<Replayer> {
    await using stack = new AsyncDisposableStack();
    const kept = new Map<string, Kept[]>();
    const file = stack.use(await exchangeFile(config, 32 << 20));
    await writeFile(file.path, "", { mode: 0o600 });
    const bodies = await open(file.path, "r+");
    stack.defer(() => bodies.close());
    let request = { method: "GET", body: "" };
    let offset = 0;
    for await (const { headers, block } of readWarc(path)) {
      const type = headers.get("warc-type");
      if (type === "request") request = requestOf(block);
      if (type !== "response") continue;
      const url = (headers.get("warc-target-uri") ?? "").replace(/^<|>$/g, "");
      const { body, ...about } = await responseOf(block, url);
      await bodies.write(body, 0, body.length, offset);
      const key = keyOf(request.method, url, request.body);
      const time = new Date(headers.get("warc-date") ?? 0);
      kept.set(key, [...(kept.get(key) ?? []), { ...about, time, offset, length: body.length }]);
      offset += body.length;
      request = { method: "GET", body: "" };
    }
    stack.move();
    return new Replayer(path, kept, file, bodies);
  }

  /** The layer that answers. What was asked for several times is answered as then, and from then on with the last answer. */
  layer(scrubber: Scrubber): (next: Fetch) => Fetch {
    return () => async (request) => {
      request.signal?.throwIfAborted();
      const url = scrubber.url(request.url);
      const answers = this.#kept.get(keyOf(request.method, url, scrubber.text(request.body ?? "")));
      const answer = answers && answers.length > 1 ? answers.shift() : answers?.[0];
      if (!answer) throw notRecorded(url, this.path);
      return this.#answer(request, answer);
    };
  }

  async #answer(request: WebRequest, { status, headers, time, offset, length }: Kept): Promise<WebAnswer> {
    const body = Buffer.alloc(length);
    await this.#bodies.read(body, 0, length, offset);
    if (request.into === undefined) return { url: request.url, status, headers, time, body };
    await writeFile(request.into, body, { mode: 0o600 });
    return { url: request.url, status, headers, time, body: Buffer.alloc(0), file: request.into };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bodies.close();
    await this.#file[Symbol.asyncDispose]();
  }
}

function keyOf(method: string, url: string, body: string): string {
  return `${method} ${url} ${body}`;
}

function requestOf(block: Buffer): { method: string; body: string } {
  const at = block.indexOf(headEnd);
  const [method = "GET"] = block.toString("latin1", 0, Math.max(block.indexOf(" "), 0)).split(" ");
  return { method, body: at < 0 ? "" : block.toString("utf8", at + headEnd.length) };
}

async function responseOf(block: Buffer, url: string): Promise<Pick<Kept, "status" | "headers"> & { body: Buffer }> {
  const at = block.indexOf(headEnd);
  const [first = "", ...lines] = block.toString("latin1", 0, at < 0 ? block.length : at).split("\r\n");
  const {
    "transfer-encoding": transfer,
    "content-encoding": coding,
    ...headers
  } = Object.fromEntries(headersOf(lines));
  const raw = at < 0 ? Buffer.alloc(0) : block.subarray(at + headEnd.length);
  const packed = transfer === "chunked" ? joinChunks(raw) : raw;
  return {
    status: Number(first.split(" ")[1] ?? 0),
    headers,
    body: await unpack(packed, codingsOf(coding, url), limit, url),
  };
}

/** A chunked body as other recorders keep it: size in hex, CRLF, bytes, CRLF … */
function joinChunks(raw: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < raw.length; ) {
    const line = raw.indexOf("\r\n", at);
    const size = Number.parseInt(raw.toString("latin1", at, line), 16);
    if (line < 0 || !(size > 0)) break;
    parts.push(raw.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
  return Buffer.concat(parts);
}

function notRecorded(url: string, path: string): PageError {
  return new PageError(url, {
    code: "NOT_RECORDED",
    reason: `is not in ${path}`,
    hint: "Record it again: `millrace record`, or the option `record`.",
  });
}

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { type Fetch, headerOf, type WebAnswer, type WebHeaders, type WebRequest } from "./exchange.ts";

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/**
 * Keeps answers that carry an ETag or a Last-Modified, and asks for them with conditions: a 304 gives what was kept. Nothing is
 * taken without asking. The folder is this user's alone; cookies are not kept. What can't be read or written is fetched.
 *
 * Layout of a file: gzip of one line of JSON (url, headers, vary), a newline, and the body.
 */
export function diskCache(next: Fetch, folder: string): Fetch {
  return async (request) => {
    if (request.method !== "GET" || request.into !== undefined || request.headers.range !== undefined)
      return next(request);
    const path = join(folder, `${createHash("sha256").update(request.url).digest("hex")}.gz`);
    const kept = await read(path, request);
    const answer = await next(kept ? { ...request, headers: { ...kept.conditions, ...request.headers } } : request);
    if (answer.status === 304 && kept) {
      await utimes(path, new Date(), new Date()).catch(() => {});
      const { "set-cookie": cookies } = answer.headers;
      return {
        ...answer,
        status: 200,
        body: kept.body,
        headers: { ...kept.headers, ...(cookies && { "set-cookie": cookies }) },
      };
    }
    if (answer.status === 200) await write(path, folder, request, answer);
    return answer;
  };
}

interface Kept {
  readonly headers: WebHeaders;
  readonly body: Buffer;
  readonly conditions: Record<string, string>;
}

interface Head {
  readonly url: string;
  readonly headers: WebHeaders;
  readonly vary: Readonly<Record<string, string | null>>;
}

async function read(path: string, request: WebRequest): Promise<Kept | null> {
  try {
    const bytes = await unpack(await readFile(path));
    const end = bytes.indexOf(10);
    const { url, headers, vary }: Head = JSON.parse(bytes.subarray(0, end).toString("utf8"));
    const isSame = Object.entries(vary).every(([name, value]) => (request.headers[name] ?? null) === value);
    if (url !== request.url || !isSame) return null;
    const etag = headerOf(headers, "etag");
    const modified = headerOf(headers, "last-modified");
    const conditions = { ...(etag && { "if-none-match": etag }), ...(modified && { "if-modified-since": modified }) };
    return { headers, body: bytes.subarray(end + 1), conditions };
  } catch {
    return null;
  }
}

async function write(path: string, folder: string, request: WebRequest, answer: WebAnswer): Promise<void> {
  const { "set-cookie": _, ...headers } = answer.headers;
  const names = (headerOf(headers, "vary") ?? "")
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((name) => name && name !== "accept-encoding");
  const isMarked = headers.etag !== undefined || headers["last-modified"] !== undefined;
  if (!isMarked || names.includes("*") || /\bno-store\b/.test(headerOf(headers, "cache-control") ?? "")) return;
  // What a header with a secret says must not lie on the disk.
  if (names.some((name) => name === "cookie" || name === "authorization")) return;
  const vary = Object.fromEntries(names.map((name) => [name, request.headers[name] ?? null]));
  const head: Head = { url: request.url, headers, vary };
  const staging = `${path}.${process.pid}`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(staging, await pack(Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), answer.body])), {
      mode: 0o600,
    });
    await rename(staging, path);
  } catch {
    await rm(staging, { force: true }).catch(() => {});
  }
}

/** Removes what was used longest ago until no more than `limit` bytes are left. */
export async function pruneCache(folder: string, limit: number): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const files = await Promise.all(
    names.map(async (name) => {
      const found = await stat(join(folder, name)).catch(() => null);
      return { name, bytes: found?.size ?? 0, used: found?.mtimeMs ?? 0 };
    }),
  );
  let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { name, bytes } of files.sort((a, b) => a.used - b.used)) {
    if (total <= limit) return;
    await rm(join(folder, name), { force: true }).catch(() => {});
    total -= bytes;
  }
}

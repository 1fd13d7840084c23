import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Config } from "../config/settings.ts";
import type { BackupFile } from "../contracts/restorable-backup.ts";
import { ConfigError, SaveError } from "../errors.ts";
import { exchangeFolder } from "../frame/exchange.ts";
import { segmentName } from "../frame/names.ts";
import type { Depot, FetchedFiles, MakeOptions } from "./depot.ts";
import { manifestName } from "./manifest.ts";
import { openS3, type S3Library, s3Code, s3Error } from "./s3-client.ts";

/** Bytes of a part of an upload, of which two are on their way at a time. */
const partBytes = 16 << 20;
/** What has no manifest for that long is of a program that ended. */
const leftMs = 86_400_000;

/** Whether FS_BACKUP names a bucket. */
export function isS3(root: string): boolean {
  return root.startsWith("s3://");
}

/**
 * Backups in a bucket of S3 or of a server that speaks it. A backup is uploaded, read again and compared, and then gets its
 * manifest: without one it is not there. Programs of one machine are kept apart by locks in FS_DATA.
 */
export class S3Depot implements Depot {
  readonly root: string;
  readonly #bucket: string;
  readonly #prefix: readonly string[];
  readonly #config: Config;
  #library: Promise<S3Library> | undefined;

  /** @throws ConfigError when FS_BACKUP names no bucket. */
  constructor(root: string, config: Config) {
    const [, bucket = "", prefix = ""] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(root) ?? [];
    this.#prefix = prefix.split("/").filter((part) => part !== "");
    if (bucket === "" || this.#prefix.some((part) => part === "." || part === "..")) {
      throw new ConfigError(`FS_BACKUP is no address of a bucket: ${root}.`, { hint: "Use s3://bucket/folder." });
    }
    this.#bucket = bucket;
    this.#config = config;
    this.root = ["s3:/", bucket, ...this.#prefix].join("/");
  }

  lockFile(path: readonly string[]): string {
    const name = segmentName([this.root, ...path].join("/"));
    return resolve(this.#config.FS_DATA, ".millrace", "locks", "backups", `${name}.lock`);
  }

  location(path: readonly string[]): string {
    return [this.root, ...path].join("/");
  }

  path(location: string): readonly string[] | null {
    const below = location.startsWith(`${this.root}/`) ? location.slice(this.root.length + 1) : location;
    const parts = below.split("/");
    return below.includes("://") || parts.some((part) => part === "" || part === "." || part === "..") ? null : parts;
  }

  async holds(path: readonly string[]): Promise<boolean> {
    return (await this.manifest(path)) !== null;
  }

  async folders(path: readonly string[]): Promise<string[]> {
    const Prefix = `${this.#key(path)}/`;
    const found: string[] = [];
    for await (const { CommonPrefixes = [] } of this.#pages(Prefix, "/")) {
      found.push(...CommonPrefixes.map((each) => (each.Prefix ?? "").slice(Prefix.length, -1)));
    }
    return found;
  }

  async manifest(path: readonly string[]): Promise<string | null> {
    const body = await this.#read([...path, manifestName]);
    return body && (await text(body));
  }

  async replaceManifest(path: readonly string[], manifest: string): Promise<void> {
    await this.#ask(`write the manifest of ${this.location(path)}`, ({ s3, client }) => {
      const Key = this.#key([...path, manifestName]);
      return client.send(new s3.PutObjectCommand({ Bucket: this.#bucket, Key, Body: manifest }));
    });
  }

  async make(path: readonly string[], { fill, check, files, signal, ...about }: MakeOptions): Promise<void> {
    // On disk: how large it will be is not known.
    await using staging = await exchangeFolder(this.#config, Number.MAX_SAFE_INTEGER);
    await fill(staging.path);
    await check(staging.path);
    const made = await files(staging.path);
    try {
      for (const { name } of made) await this.#upload([...path, ...name.split("/")], join(staging.path, name), signal);
      const damaged = await this.firstDamaged(path, made);
      if (damaged !== null) throw new SaveError(`${damaged} in the new backup reads back differently.`, about);
      signal?.throwIfAborted();
      await this.replaceManifest(path, await readFile(join(staging.path, manifestName), "utf8"));
    } catch (cause) {
      await this.remove(path).catch(() => {});
      throw cause;
    }
  }

  async fetch(path: readonly string[], files: readonly BackupFile[]): Promise<FetchedFiles> {
    await using opened = new AsyncDisposableStack();
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const { path: folder } = opened.use(await exchangeFolder(this.#config, bytes));
    for (const { name } of files) {
      const target = join(folder, name);
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      const body = await this.#read([...path, ...name.split("/")]);
      if (body) await this.#ask(`read ${name}`, () => pipeline(body, createWriteStream(target, { mode: 0o600 })));
    }
    const kept = opened.move();
    return { folder, [Symbol.asyncDispose]: () => kept.disposeAsync() };
  }

  async firstDamaged(path: readonly string[], files: readonly BackupFile[]): Promise<string | null> {
    for (const { name, bytes, sha256 } of files) {
      const body = await this.#read([...path, ...name.split("/")]);
      if (!body) return name;
      const hash = createHash("sha256");
      let found = 0;
      await this.#ask(`read ${name}`, async () => {
        for await (const chunk of body as AsyncIterable<Buffer>) {
          found += chunk.length;
          hash.update(chunk);
        }
      });
      if (found !== bytes || hash.digest("hex") !== sha256) return name;
    }
    return null;
  }

  async remove(path: readonly string[]): Promise<void> {
    const keys = [`${this.#key([...path, manifestName])}`];
    for await (const { Contents = [] } of this.#pages(`${this.#key(path)}/`)) {
      for (const { Key } of Contents) if (Key !== undefined && Key !== keys[0]) keys.push(Key);
    }
    // The manifest goes first: from then on it is not there.
    for (const Key of keys) await this.#delete(Key);
  }

  async clean(path: readonly string[]): Promise<void> {
    const prefix = `${this.#key(path)}/`;
    const newest = new Map<string, number>();
    const whole = new Set<string>();
    for await (const { Contents = [] } of this.#pages(prefix)) {
      for (const { Key = "", LastModified } of Contents) {
        const [folder = "", file] = Key.slice(prefix.length).split("/");
        newest.set(folder, Math.max(newest.get(folder) ?? 0, LastModified?.getTime() ?? Date.now()));
        if (file === manifestName) whole.add(folder);
      }
    }
    for (const [folder, time] of newest) {
      if (!whole.has(folder) && Date.now() - time > leftMs) await this.remove([...path, folder]);
    }
    await this.#abortUploads(prefix);
  }

  async assertUsable(): Promise<void> {
    await this.#ask(`reach ${this.root}`, ({ s3, client }) =>
      client.send(new s3.ListObjectsV2Command({ Bucket: this.#bucket, Prefix: `${this.#key([])}/`, MaxKeys: 1 })),
    );
  }

  async #abortUploads(prefix: string): Promise<void> {
    await this.#ask(`list the uploads below ${prefix}`, async ({ s3, client }) => {
      const about = { Bucket: this.#bucket, Prefix: prefix };
      const { Uploads = [] } = await client.send(new s3.ListMultipartUploadsCommand(about));
      for (const { Key, UploadId, Initiated } of Uploads) {
        if (Date.now() - (Initiated?.getTime() ?? Date.now()) <= leftMs) continue;
        await client.send(new s3.AbortMultipartUploadCommand({ Bucket: this.#bucket, Key, UploadId }));
      }
    });
  }

  async #upload(path: readonly string[], file: string, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    await this.#ask(`upload ${path.at(-1)}`, async ({ storage, client }) => {
      const params = { Bucket: this.#bucket, Key: this.#key(path), Body: createReadStream(file) };
      const upload = new storage.Upload({ client, params, partSize: partBytes, queueSize: 2 });
      const abort = () => void upload.abort();
      signal?.addEventListener("abort", abort, { once: true });
      await upload.done().finally(() => signal?.removeEventListener("abort", abort));
    }).catch((cause: unknown) => {
      signal?.throwIfAborted();
      throw cause;
    });
  }

  async #read(path: readonly string[]): Promise<Readable | null> {
    return this.#ask(`read ${this.location(path)}`, async ({ s3, client }) => {
      const command = new s3.GetObjectCommand({ Bucket: this.#bucket, Key: this.#key(path) });
      const found = await client.send(command).catch((cause: unknown) => {
        if (s3Code(cause) === "NoSuchKey" || s3Code(cause) === "NotFound") return null;
        throw cause;
      });
      return found && (found.Body as Readable);
    });
  }

  async #delete(Key: string): Promise<void> {
    await this.#ask(`remove ${Key}`, ({ s3, client }) =>
      client.send(new s3.DeleteObjectCommand({ Bucket: this.#bucket, Key })),
    );
  }

  async *#pages(Prefix: string, Delimiter?: string) {
    for (let token: string | undefined; ; ) {
      const page = await this.#ask(`list ${this.root}`, ({ s3, client }) =>
        client.send(new s3.ListObjectsV2Command({ Bucket: this.#bucket, Prefix, Delimiter, ContinuationToken: token })),
      );
      yield page;
      token = page.NextContinuationToken;
      if (token === undefined) return;
    }
  }

  async #ask<T>(doing: string, work: (library: S3Library) => Promise<T>): Promise<T> {
    try {
      this.#library ??= openS3(this.#config);
      return await work(await this.#library);
    } catch (cause) {
      throw s3Error(cause, doing);
    }
  }

  #key(path: readonly string[]): string {
    return [...this.#prefix, ...path].join("/");
  }
}

async function text(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

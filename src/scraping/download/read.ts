import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Config } from "../../config/settings.ts";
import type { FrameSchema } from "../../contracts/frame-schema.ts";
import type { Logger } from "../../contracts/logger.ts";
import { CorruptDataError, SchemaError } from "../../errors.ts";
import { columnsOf, exactColumns, heightOf, lazyOf } from "../../frame/access.ts";
import { conform } from "../../frame/conform.ts";
import { readIpc, writeIpc } from "../../frame/ipc.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { assertSchema, typesOf } from "../../frame/schema.ts";
import { parseType, sameType } from "../../frame/types.ts";
import { widerType } from "../../frame/widen.ts";
import { run } from "../../system/run.ts";
import { headerOf, type WebAnswer } from "../http/exchange.ts";
import { tooLarge } from "../http/unpack.ts";
import { PageError } from "../page-error.ts";
import type { DownloadFormat } from "./format.ts";
import { extract, type ZipEntry, zipEntries } from "./zip.ts";

/** How a downloaded file is read. */
export interface DownloadRequest {
  readonly format: DownloadFormat;
  readonly schema: FrameSchema;
  /** Bytes that it may unpack to. */
  readonly limit: number;
  readonly config: Config;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * Reads a downloaded file into Arrow files in a folder of that name, in pieces, and removes the file. Resolves with its rows.
 *
 * @throws SchemaError for a value that is not of its column's type; CorruptDataError for a damaged file.
 */
export async function readDownload(answer: WebAnswer, folder: string, request: DownloadRequest): Promise<number> {
  if (answer.file === undefined) throw new PageError(answer.url, { reason: "gave no file" });
  const type = headerOf(answer.headers, "content-type") ?? "";
  const staging = `${folder}.staging`;
  try {
    if (/\bhtml\b/.test(type))
      throw new SchemaError(`${answer.url} gave a page (${type}) in place of a file.`, {
        hint: "Open the address in a browser: does it want a login?",
      });
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { recursive: true, mode: 0o700 });
    const file = (await isZip(answer.file)) ? await unzipped(answer.file, answer.url, staging, request) : answer.file;
    const rows =
      request.format.format === "csv"
        ? await readCsv(file, staging, request)
        : await readParquet(file, answer.url, staging, request);
    await rm(folder, { recursive: true, force: true });
    await rename(staging, folder);
    return rows;
  } finally {
    await rm(answer.file, { force: true });
    await rm(staging, { recursive: true, force: true });
  }
}

/** The frames of a folder that `readDownload` made, in order. */
export async function* readParts(folder: string): AsyncGenerator<DataFrame> {
  const parts = (await readdir(folder)).filter((name) => name.endsWith(".arrow"));
  for (let index = 0; index < parts.length; index++) yield await readIpc(join(folder, `${index}.arrow`));
}

async function isZip(path: string): Promise<boolean> {
  const { openAsBlob } = process.getBuiltinModule("node:fs");
  const begin = Buffer.from(await (await openAsBlob(path)).slice(0, 4).arrayBuffer());
  return begin.toString("latin1") === "PK\u0003\u0004";
}

async function unzipped(
  path: string,
  url: string,
  staging: string,
  { format, limit }: DownloadRequest,
): Promise<string> {
  const entry = chooseEntry(await zipEntries(path, url), format, url);
  const target = join(staging, "entry");
  await extract(path, entry, target, limit, url);
  return target;
}

function chooseEntry(entries: readonly ZipEntry[], { format, entry }: DownloadFormat, url: string): ZipEntry {
  const wanted = entry ?? (format === "csv" ? /\.(?:csv|tsv|txt)$/i : /\.(?:parquet|pq)$/i);
  const found = entries.filter(({ name }) => (typeof wanted === "string" ? name === wanted : wanted.test(name)));
  const [first] = found;
  if (first && found.length === 1) return first;
  const names = entries
    .slice(0, 20)
    .map(({ name }) => JSON.stringify(name))
    .join(", ");
  throw new SchemaError(
    `${found.length === 0 ? "No file" : `${found.length} files`} in the archive of ${url} can be meant. It has ${names || "none"}.`,
    {
      hint: "Name the one with `entry`.",
    },
  );
}

/** The csv storage reads it, as it reads any file: each value exactly, or an error that names the line. */
async function readCsv(
  file: string,
  staging: string,
  { schema, config, logger, signal }: DownloadRequest,
): Promise<number> {
  const { CsvStorage } = await import("../../storages/csv/index.ts");
  const folder = join(staging, "csv");
  await mkdir(folder, { recursive: true });
  await rename(file, join(folder, "download.csv"));
  const source = new CsvStorage({ config: { ...config, FS_DATA: folder }, logger }).source();
  let rows = 0;
  let part = 0;
  for await (const batch of source.getBatches("download.csv", { schema, signal })) {
    if (heightOf(batch) === 0) continue;
    await writeIpc(batch, join(staging, `${part++}.arrow`));
    rows += heightOf(batch);
  }
  await rm(folder, { recursive: true, force: true });
  return rows;
}

async function readParquet(
  file: string,
  url: string,
  staging: string,
  { schema, limit, signal }: DownloadRequest,
): Promise<number> {
  const script = import.meta.url.endsWith(".ts") ? "./parquet-child.ts" : "./parquet-child.js";
  const raw = join(staging, "raw");
  await mkdir(raw, { recursive: true });
  const { code, stdout, stderr } = await run(
    process.execPath,
    [fileURLToPath(new URL(script, import.meta.url)), file, raw, String(limit)],
    {
      name: "the reader of a Parquet file",
      timeoutMs: 600_000,
      signal,
    },
  );
  if (code !== 0)
    throw new CorruptDataError(`${url} is no whole Parquet file.`, {
      hint: "Fetch it again.",
      cause: new Error(stderr.trim()),
    });
  const told: { rows?: number; tooLarge?: boolean } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}");
  if (told.tooLarge) throw tooLarge(url, "unpacks to", limit, "maxUnpacked");
  for (let part = 0; await exists(join(raw, `${part}.arrow`)); part++) {
    await writeIpc(await declared(await readIpc(join(raw, `${part}.arrow`)), schema), join(staging, `${part}.arrow`));
  }
  await rm(raw, { recursive: true, force: true });
  return told.rows ?? 0;
}

/** The columns of the schema, in its types where these hold the file's without loss. Others of the file are left out. */
async function declared(df: DataFrame, schema: FrameSchema): Promise<DataFrame> {
  const names = columnsOf(df);
  const types = typesOf(df);
  const wanted = new Map(schema.fields.map(({ name, type }) => [name, parseType(type)]));
  for (const [name, type] of wanted) {
    const own = types[names.indexOf(name)];
    const wider = own && widerType(own, type);
    if (own && !(wider && sameType(wider, type)))
      throw new SchemaError(
        `The column "${name}" of the file does not fit ${schema.fields.find((field) => field.name === name)?.type}.`,
      );
  }
  const kept = lazyOf(df).select(exactColumns([...wanted.keys()].filter((name) => names.includes(name))));
  const fitted = await conform(await kept.collect(), wanted).collect();
  assertSchema(fitted, schema);
  return fitted;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

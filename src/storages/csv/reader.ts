import { stat } from "node:fs/promises";
import type { FrameSchema } from "../../contracts/frame-schema.ts";
import { CorruptDataError, MillraceError, NotFoundError, SchemaError } from "../../errors.ts";
import { columnsOf, heightOf } from "../../frame/access.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { errnoOf, fileError } from "../../system/files.ts";
import { holdFile } from "../../system/held-file.ts";
import { didYouMean } from "../../system/nearest.ts";
import type { StorageContext } from "../context.ts";
import { convertTexts, declaredFields } from "./convert.ts";
import { inferFields } from "./infer.ts";
import { type Content, contentOf, type KeptSchema, type KeptSchemas } from "./kept-schema.ts";
import { type CsvFolder, formatOf } from "./names.ts";
import { readForeign, readWritten } from "./texts.ts";

/** A frame as it was read, with what is kept of it. */
export interface ReadFrame {
  frame: DataFrame;
  /** All columns of the file, also those that were not asked for. */
  schema: FrameSchema;
  content: Content;
  /** Null when another program wrote the file. */
  kept: KeptSchema | null;
}

/** What is known of a file. */
export interface DescribedFile {
  schema: FrameSchema;
  rows: number;
  bytes: number;
  modified: Date;
  kept: KeptSchema | null;
}

/** What to read. Everything else is done on the frame. */
export interface ReadRequest {
  schema?: FrameSchema | undefined;
  /** Only these columns. */
  columns?: readonly string[] | undefined;
  /** Only the first rows. */
  limit?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** How often a file that changes while it is read is read anew. */
const attempts = 20;

/** Reads CSV files by name. */
export class CsvReader {
  readonly #context: StorageContext;
  readonly #folder: CsvFolder;
  readonly #kept: KeptSchemas;

  constructor(context: StorageContext, folder: CsvFolder, kept: KeptSchemas) {
    this.#context = context;
    this.#folder = folder;
    this.#kept = kept;
  }

  /** @throws NotFoundError with the nearest names. */
  async read(name: string, request: ReadRequest = {}): Promise<ReadFrame> {
    const path = await this.#folder.path(name);
    return this.stable(name, path, (held) => this.readFile(held, name, request), request.signal);
  }

  /** Like `read`, with null when nothing has that name. */
  async readOrNull(name: string, request: ReadRequest = {}): Promise<ReadFrame | null> {
    return this.read(name, request).catch((cause: unknown) => {
      if (cause instanceof NotFoundError) return null;
      throw cause;
    });
  }

  /** What is known of a file. Only one of another program has to be parsed for it. */
  async describe(name: string): Promise<DescribedFile> {
    const path = await this.#folder.path(name);
    return this.stable(name, path, async (held) => {
      const [content, { mtime: modified }] = [await contentOf(held), await stat(held)];
      const kept = await this.#kept.find(name, content);
      if (kept) return { schema: kept.schema, rows: kept.rows, bytes: content.bytes, modified, kept };
      const { schema, frame } = await this.readFile(held, name, {});
      return { schema, rows: heightOf(frame), bytes: content.bytes, modified, kept };
    });
  }

  /**
   * Runs `work` on one state of a file, held open: when the file was replaced or changed meanwhile, whatever came of it is dropped, and
   * it runs again.
   */
  async stable<T>(name: string, path: string, work: (held: string) => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const before = await this.#stamp(name, path);
      const result = await onHeld(path, work).then(
        (value) => ({ value }),
        (cause: unknown) => ({ cause }),
      );
      signal?.throwIfAborted();
      const same = (await this.#stamp(name, path)) === before;
      if (same && "value" in result) return result.value;
      if (same && "cause" in result) throw readError(result.cause, name);
      if (attempt === attempts) {
        throw new CorruptDataError(`${name} was changed again and again while it was read.`, {
          storage: "csv",
          frame: name,
          hint: "Read it when the program that writes it is done.",
        });
      }
    }
  }

  /** Reads the file at `path`, as the frame `name`; another schema than the one kept can be given. */
  async readFile(path: string, name: string, request: ReadRequest, given?: KeptSchema | null): Promise<ReadFrame> {
    const { signal } = request;
    const format = formatOf(name);
    if (!format) throw new SchemaError(`${name} has no ending of a CSV file.`, { storage: "csv", frame: name });
    const content = await contentOf(path, signal);
    const kept = given === undefined ? await this.#kept.find(name, content) : given;
    const source = { path, frame: name, format, signal };
    const texts = kept
      ? await readWritten(
          source,
          kept.schema.fields.map((field) => field.name),
          request.limit,
        )
      : await readForeign(source, this.#context.config);
    signal?.throwIfAborted();
    if (!kept && given === undefined) await this.#tellForeign(name);
    const found = kept
      ? kept.schema.fields.map((field) => ({ ...field, written: true }))
      : await inferFields(texts.frame, texts.columns);
    const fields = declaredFields(found, request.schema, name);
    const wanted = texts.columns.map(({ name: column }) => !request.columns || request.columns.includes(column));
    const frame = await convertTexts(
      { frame: texts.frame, columns: texts.columns.filter((_, i) => wanted[i]) },
      { fields: fields.filter((_, i) => wanted[i]), frame: name },
    );
    signal?.throwIfAborted();
    if (kept && request.limit === undefined && columnsOf(frame).length > 0 && heightOf(frame) !== kept.rows) {
      throw new CorruptDataError(`${name} was written with ${kept.rows} rows and has ${heightOf(frame)}.`, {
        storage: "csv",
        frame: name,
      });
    }
    const schema = { fields: fields.map(({ written: _, ...field }) => field) };
    return { frame, schema, content, kept };
  }

  async #tellForeign(name: string): Promise<void> {
    const edited = await this.#kept.hasAny(name);
    const why = edited ? "was changed by another program" : "was not written by millrace";
    this.#context.logger.debug({ storage: "csv", frame: name }, `${name} ${why}: its types are found from its values.`);
  }

  /** What tells one state of a file from another: a save makes a new inode, an edit in place a new time. */
  async #stamp(name: string, path: string): Promise<string> {
    try {
      const { ino, size, mtimeNs } = await stat(path, { bigint: true });
      return `${ino} ${size} ${mtimeNs}`;
    } catch (cause) {
      if (errnoOf(cause) !== "ENOENT") throw fileError(cause, { storage: "csv", frame: name, doing: `read ${name}` });
      const names = await this.#folder.list();
      const there = names.length === 0 ? " There are no CSV files yet." : didYouMean(name, names);
      throw new NotFoundError(`There is no ${name} in ${this.#folder.root}.${there}`, { storage: "csv", frame: name });
    }
  }
}

async function onHeld<T>(path: string, work: (held: string) => Promise<T>): Promise<T> {
  await using held = await holdFile(path);
  return await work(held.path);
}

/** A failure of the file system keeps its kind; whatever else polars says is about the file's content. */
function readError(cause: unknown, name: string): Error {
  if (cause instanceof MillraceError || errnoOf(cause) !== undefined) {
    return fileError(cause, { storage: "csv", frame: name, doing: `read ${name}` });
  }
  const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
  return new CorruptDataError(`${name} can't be read: ${reason}`, {
    storage: "csv",
    frame: name,
    cause,
    hint: "Mend the file, save the frame again, or restore a backup.",
  });
}

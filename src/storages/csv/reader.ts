import { stat } from "node:fs/promises";
import type { FrameField, FrameSchema } from "../../contracts/frame-schema.ts";
import { CorruptDataError, MillraceError, NotFoundError, SchemaError } from "../../errors.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { errnoOf, fileError } from "../../system/files.ts";
import { holdFile } from "../../system/held-file.ts";
import type { StorageContext } from "../context.ts";
import type { KeptSchema, KeptSchemas } from "./kept-schema.ts";
import { type CsvFolder, formatOf } from "./names.ts";
import { notFound } from "./not-found.ts";
import { Misplanned } from "./plan.ts";
import { firstRows, joinFrames, type OpenFile, openFile, planFile, type ReadRequest, readFrames } from "./reading.ts";
import { type ColumnShapes, fieldOf, type Survey, surveyFile } from "./survey.ts";
import type { RecordWalk } from "./walk.ts";

/** A frame as it was read, with what is kept of it. */
export interface ReadFrame {
  frame: DataFrame;
  /** All columns of the file, also those that were not asked for. */
  schema: FrameSchema;
  /** Null when another program wrote the file. */
  kept: KeptSchema | null;
  /** What parts its fields. */
  separator: string;
}

/** What is known of a file. */
export interface DescribedFile {
  schema: FrameSchema;
  rows: number;
  bytes: number;
  modified: Date;
  kept: KeptSchema | null;
}

/** A file whose types are known. */
export interface LookedFile {
  name: string;
  path: string;
  stamp: string;
  opened: OpenFile;
  /** What its values look like; of a file that millrace wrote, the kept schema says that. */
  shapes: readonly ColumnShapes[] | undefined;
  /** Types from before another program changed it, where all its values still fit them. */
  common?: FrameSchema | undefined;
}

/** How often a file that changes while it is read is read anew. */
const attempts = 20;

/** Reads CSV files by name. */
export class CsvReader {
  readonly context: StorageContext;
  readonly #folder: CsvFolder;
  readonly #kept: KeptSchemas;

  constructor(context: StorageContext, folder: CsvFolder, kept: KeptSchemas) {
    this.context = context;
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

  /** The frame in pieces, none of which is kept. Of a file of another program, all values are looked at first, for the types. */
  async *readBatches(name: string, request: ReadRequest = {}): AsyncGenerator<DataFrame> {
    const looked = await this.look(name, request);
    yield* firstRows(this.readLooked(looked, request, { common: looked.common }), request.limit);
  }

  /** Looks at a file, and at all its values where they have to tell the types. */
  async look(name: string, request: ReadRequest): Promise<LookedFile> {
    const path = await this.#folder.path(name);
    return this.stable(
      name,
      path,
      async (held) => {
        const opened = await this.open(held, name, request);
        const survey = opened.kept ? undefined : await this.survey(opened, "all");
        const common = await this.#stillFitting(opened, request, survey);
        return { name, path, stamp: await stampOf(held), opened, shapes: survey?.columns, common };
      },
      request.signal,
    );
  }

  /** Reads a file that was looked at. @throws CorruptDataError when it is another one by now. */
  async *readLooked(
    { name, path, stamp, opened, shapes }: LookedFile,
    request: ReadRequest,
    types: { common: FrameSchema | undefined },
  ): AsyncGenerator<DataFrame> {
    await this.#stamp(name, path);
    await using held = await holdFile(path);
    const requireSame = async () => {
      if ((await stampOf(held.path)) !== stamp) throw changed(name);
    };
    await requireSame();
    try {
      const here = { ...opened, file: { ...opened.file, path: held.path } };
      const plan = planFile(here, request, { shapes, ...types });
      yield* readFrames(here, plan, request, this.#told);
    } catch (cause) {
      await requireSame();
      throw readError(cause, name);
    }
    await requireSame();
  }

  /** What is known of a file. Only one of another program has to be parsed for it. */
  async describe(name: string): Promise<DescribedFile> {
    const path = await this.#folder.path(name);
    return this.stable(name, path, async (held) => {
      const { mtime: modified, size: bytes } = await stat(held);
      const opened = await this.open(held, name, {});
      const { kept } = opened;
      if (kept) return { schema: kept.schema, rows: kept.rows, bytes, modified, kept };
      return { ...(await this.foreign(opened)), bytes, modified, kept };
    });
  }

  /** The types and rows that the values of a file of another program show. */
  async foreign(opened: OpenFile): Promise<{ schema: FrameSchema; rows: number }> {
    const survey = await this.survey(opened, "all");
    const common = await this.#stillFitting(opened, {}, survey);
    const found = survey.columns.map(fieldOf);
    return { schema: { fields: found.map((field) => fieldNamed(common, field.name) ?? field) }, rows: survey.rows };
  }

  /** The types from before another program changed the file, when every value still fits them: it is read once for that. */
  async #stillFitting(opened: OpenFile, request: ReadRequest, survey?: Survey): Promise<FrameSchema | undefined> {
    const { edited: common, file } = opened;
    if (!common) return undefined;
    try {
      const plan = planFile(opened, { schema: request.schema }, { shapes: survey?.columns, common });
      for await (const _ of readFrames(opened, plan, {}, this.#told)) file.signal?.throwIfAborted();
      this.#tellEdited(file.frame, true);
      return common;
    } catch (cause) {
      if (!(cause instanceof SchemaError)) throw cause;
      this.#tellEdited(file.frame, false);
      return undefined;
    }
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
      if (attempt === attempts) throw changed(name);
    }
  }

  /** Reads the file at `path`, as the frame `name`; another schema than the one kept can be given. */
  async readFile(path: string, name: string, request: ReadRequest, given?: KeptSchema | null): Promise<ReadFrame> {
    const opened = await this.open(path, name, request, given);
    const { kept } = opened;
    const collect = async (survey?: Survey, common?: FrameSchema): Promise<ReadFrame> => {
      const plan = planFile(opened, request, { shapes: survey?.columns, sampled: survey?.whole === false, common });
      const frames: DataFrame[] = [];
      for await (const frame of firstRows(readFrames(opened, plan, request, this.#told), request.limit)) {
        frames.push(frame);
      }
      const separator = String.fromCharCode(opened.table.signs.separator);
      return { frame: joinFrames(frames), schema: plan.schema, kept, separator };
    };
    // A limit must not change the types that all of the file has.
    const first = kept ? undefined : await this.survey(opened, request.limit === undefined ? "sample" : "all");
    const read = async (common?: FrameSchema): Promise<ReadFrame> => {
      try {
        return await collect(first, common);
      } catch (cause) {
        if (!(cause instanceof Misplanned)) throw cause;
        return collect(await this.survey(opened, "all"), common);
      }
    };
    if (!opened.edited) return read();
    // With a limit, the rows that are left out count too.
    if (request.limit !== undefined) return read(await this.#stillFitting(opened, request, first));
    try {
      const frame = await read(opened.edited);
      this.#tellEdited(name, true);
      return frame;
    } catch (cause) {
      if (!(cause instanceof SchemaError)) throw cause;
      this.#tellEdited(name, false);
      return read();
    }
  }

  /** Looks at a file's first lines, and whether millrace wrote it. */
  async open(path: string, name: string, request: ReadRequest, given?: KeptSchema | null): Promise<OpenFile> {
    const format = formatOf(name);
    if (!format) throw new SchemaError(`${name} has no ending of a CSV file.`, { storage: "csv", frame: name });
    const { signal } = request;
    const kept = given === undefined ? await this.#kept.ofFile(name, path, signal) : given;
    const opened = await openFile({ path, frame: name, format, signal }, kept, request);
    const edited = kept || given !== undefined ? null : await this.#kept.last(name);
    if (!kept && given === undefined && !edited) this.#tellForeign(name);
    return edited
      ? { ...opened, edited: { fields: edited.fields.filter((field) => opened.table.names.includes(field.name)) } }
      : opened;
  }

  survey({ file, table }: OpenFile, part: "all" | "sample"): Promise<Survey> {
    return surveyFile(file, table, this.context.config, part);
  }

  get #told() {
    return {
      config: this.context.config,
      onDropped: (name: string, walk: RecordWalk) => this.#tellDropped(name, walk),
    };
  }

  #tellDropped(name: string, { dropped, droppedLines }: RecordWalk): void {
    if (dropped === 0) return;
    const lines = droppedLines.join(", ") + (dropped > droppedLines.length ? " …" : "");
    const what = `${dropped === 1 ? "1 ragged row" : `${dropped} ragged rows`} of ${name}`;
    this.context.logger.warn({ storage: "csv", frame: name }, `${what} were dropped (line ${lines}).`);
  }

  #tellForeign(name: string): void {
    const what = `${name} was not written by millrace: its types are found from its values.`;
    this.context.logger.debug({ storage: "csv", frame: name }, what);
  }

  #tellEdited(name: string, fits: boolean): void {
    const { logger } = this.context;
    const changed = `${name} was changed by another program since it was saved`;
    if (fits) logger.info({ storage: "csv", frame: name }, `${changed}; its values still fit the types that it had.`);
    else
      logger.warn(
        { storage: "csv", frame: name },
        `${changed}, and no longer fits the types that it had: they are found from its values.`,
      );
  }

  /** What tells one state of a file from another: a save makes a new inode, an edit in place a new time. */
  async #stamp(name: string, path: string): Promise<string> {
    try {
      return await stampOf(path);
    } catch (cause) {
      if (errnoOf(cause) !== "ENOENT") throw fileError(cause, { storage: "csv", frame: name, doing: `read ${name}` });
      throw await notFound(name, this.#folder);
    }
  }
}

function fieldNamed(schema: FrameSchema | undefined, name: string): FrameField | undefined {
  return schema?.fields.find((field) => field.name === name);
}

async function stampOf(path: string): Promise<string> {
  const { ino, size, mtimeNs } = await stat(path, { bigint: true });
  return `${ino} ${size} ${mtimeNs}`;
}

async function onHeld<T>(path: string, work: (held: string) => Promise<T>): Promise<T> {
  await using held = await holdFile(path);
  return await work(held.path);
}

function changed(name: string): CorruptDataError {
  return new CorruptDataError(`${name} was changed again and again while it was read.`, {
    storage: "csv",
    frame: name,
    hint: "Read it when the program that writes it is done.",
  });
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

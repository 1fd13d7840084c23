import { type FrameBackup, refuseScratchName } from "../backups/service.ts";
import type { IBatchSaver } from "../contracts/batches.ts";
import type { IDataSaver } from "../contracts/data-saver.ts";
import type { IDelete } from "../contracts/delete.ts";
import type { FrameSchema } from "../contracts/frame-schema.ts";
import type { IIdentified } from "../contracts/identity.ts";
import type { IKeepsMarks, KeptMarks, RunMark } from "../contracts/run-mark.ts";
import type { SaveOptions } from "../contracts/save-options.ts";
import type { IStorage } from "../contracts/storage.ts";
import { SchemaError } from "../errors.ts";
import { heightOf, lazyOf } from "../frame/access.ts";
import { mergeFrames } from "../frame/merge.ts";
import type { DataFrame, LazyDataFrame } from "../frame/polars.ts";
import { assertSchema, readSchema, requireColumns, requireFrame, schemaOf } from "../frame/schema.ts";
import type { StorageContext } from "./context.ts";
import { type FoundMarks, isDone, keptMarksOf, type Marks, nextMarks, refuseOvertaken } from "./marks.ts";
import { assertSaveOptions, exceptOption } from "./options.ts";
import { spillBatches } from "./spill.ts";

/** A frame to be put under a name, and what is kept with it. */
export interface FrameContent {
  rows: LazyDataFrame;
  height: number;
  schema: FrameSchema;
  timeColumn?: string | undefined;
  key?: readonly string[] | undefined;
  /** The runs that saved it. */
  marks?: Marks | undefined;
  /** The run that saves it. */
  run?: RunMark | undefined;
  /** Asked right before it becomes visible: when it rejects, nothing is placed. */
  confirm?: (() => Promise<void>) | undefined;
}

/** What stands under a name. */
export type StoredFrame = { frame: DataFrame; timeColumn?: string | undefined; key?: readonly string[] | undefined };

type BatchOptions = SaveOptions & { backup?: boolean };

/** The saver of a storage that keeps each frame as one file: it reads, merges and writes the file anew. */
export abstract class FrameSaver implements IDataSaver, IBatchSaver, IDelete, IIdentified, IKeepsMarks {
  abstract readonly storageId: string;
  readonly #storage: Pick<IStorage, "type" | "capabilities">;
  readonly #context: StorageContext;
  readonly #backup: () => Pick<FrameBackup, "backUpThenSave">;

  constructor(
    storage: Pick<IStorage, "type" | "capabilities">,
    context: StorageContext,
    backup: () => Pick<FrameBackup, "backUpThenSave">,
  ) {
    this.#storage = storage;
    this.#context = context;
    this.#backup = backup;
  }

  /** The name in the form in which it is listed. @throws InvalidNameError */
  protected abstract name(destination: string): string;
  protected abstract exclusive<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Only what is kept with the frame. Null when nothing has that name. */
  protected abstract readOld(name: string, signal?: AbortSignal): Promise<StoredFrame | null>;
  /** @throws FidelityError for what the storage can't hold. */
  protected abstract refuse(name: string, content: FrameContent): Promise<void>;
  protected abstract place(name: string, content: FrameContent, signal?: AbortSignal): Promise<void>;
  protected abstract remove(name: string): Promise<boolean>;
  protected abstract usable(): Promise<boolean>;
  /** The marks of the content that stands there now. */
  protected abstract findMarks(name: string): Promise<FoundMarks>;

  async saveData(data: DataFrame, destination: string, options: SaveOptions = {}): Promise<boolean> {
    return this.#saveFrame(data, destination, options, false);
  }

  async saveWithBackup(data: DataFrame, destination: string, options: SaveOptions = {}): Promise<boolean> {
    return this.#saveFrame(data, destination, options, true);
  }

  async saveBatches(
    batches: AsyncIterable<DataFrame>,
    destination: string,
    options: BatchOptions = {},
  ): Promise<boolean> {
    assertSaveOptions(options, this.#storage);
    const name = this.name(destination);
    const { schema, signal, onProgress, backup = false } = options;
    await using spilled = await spillBatches(batches, {
      config: this.#context.config,
      storage: this.#storage.type,
      frame: name,
      schema: schema && readSchema(schema),
      signal,
      onRows: onProgress && ((rows) => onProgress({ rows })),
    });
    const { rows, height } = spilled;
    return await this.#save(name, { rows, height, schema: spilled.schema }, options, backup);
  }

  async deleteData(name: string): Promise<boolean> {
    const whole = this.name(name);
    return this.exclusive(whole, () => this.remove(whole));
  }

  async keptMarks(destination: string): Promise<KeptMarks | null> {
    return keptMarksOf(await this.findMarks(this.name(destination)));
  }

  async healthCheck(): Promise<boolean> {
    return this.usable();
  }

  async #saveFrame(data: DataFrame, destination: string, options: SaveOptions, backup: boolean): Promise<boolean> {
    assertSaveOptions(options, exceptOption(this.#storage, "backup"));
    const name = this.name(destination);
    const about = { storage: this.#storage.type, frame: name };
    requireFrame(data, about.storage, name);
    if (options.schema) assertSchema(data, options.schema, about);
    const content = { rows: lazyOf(data), height: heightOf(data), schema: schemaOf(data) };
    const saved = await this.#save(name, content, options, backup);
    options.onProgress?.({ rows: content.height, totalRows: content.height });
    return saved;
  }

  async #save(name: string, given: FrameContent, options: SaveOptions, backup: boolean): Promise<boolean> {
    const { signal } = options;
    signal?.throwIfAborted();
    refuseScratchName(name, this.#storage.type);
    const content = await this.prepared(name, given, options);
    // What can be refused is refused before anything is locked or backed up.
    await this.refuse(name, content);
    const work = async () => {
      const found = await this.marksFor(name, options.run);
      const about = { storage: this.#storage.type, frame: name };
      refuseOvertaken(found, options, about);
      if (isDone(found, options, about)) return;
      const { fence } = options.run ?? {};
      let stillHeld = async () => {};
      const confirm = async () => {
        refuseOvertaken(await this.marksFor(name, options.run), options, about);
        await stillHeld();
      };
      const marked = { ...content, marks: nextMarks(found, options), run: options.run, ...(fence && { confirm }) };
      const save = (await this.appending(name, marked, options)) ?? (await this.#placing(name, marked, options));
      const holding = (look: () => Promise<void>) => {
        stillHeld = look;
        return save();
      };
      const held = fence ? () => fence.hold(holding) : save;
      await (backup ? this.#backup().backUpThenSave(name, held, signal) : held());
    };
    await this.exclusive(name, work, signal);
    return true;
  }

  /** The marks that a save goes by. */
  protected marksFor(name: string, _run: RunMark | undefined): Promise<FoundMarks> {
    return this.findMarks(name);
  }

  /** What the storage's own options make of the rows before anything else. */
  protected async prepared(_name: string, content: FrameContent, _options: SaveOptions): Promise<FrameContent> {
    return content;
  }

  async #placing(name: string, content: FrameContent, options: SaveOptions): Promise<() => Promise<void>> {
    const merged = await this.merge(name, content, options);
    if (merged !== content) await this.refuse(name, merged);
    const { marks, run, confirm } = content;
    return () => this.place(name, { ...merged, marks, run, confirm }, options.signal);
  }

  /** How to add the rows without rewriting what stands there, where the storage can do that exactly; null where it can't. */
  protected async appending(
    _name: string,
    _content: FrameContent,
    _options: SaveOptions,
  ): Promise<(() => Promise<void>) | null> {
    return null;
  }

  /** The frame as it will stand there. Reads the old one only where it matters. */
  protected async merge(name: string, content: FrameContent, options: SaveOptions): Promise<FrameContent> {
    const { mode = "replace", key, schemaChange = "evolve", timeColumn, signal } = options;
    const about = { storage: this.#storage.type, frame: name };
    requireColumns(content.schema, timeColumn === undefined ? [] : [timeColumn], about);
    requireTimes(content.schema, timeColumn, about);
    if (mode === "replace" && schemaChange === "evolve" && key === undefined) return { ...content, timeColumn };
    const old = await this.readOld(name, signal);
    const next = await content.rows.collect();
    signal?.throwIfAborted();
    const merged = await mergeFrames(old?.frame ?? null, next, { mode, key, schemaChange, ...about });
    signal?.throwIfAborted();
    const added = mode === "replace" ? null : old;
    return {
      rows: lazyOf(merged),
      height: heightOf(merged),
      schema: schemaOf(merged),
      timeColumn: timeColumn ?? added?.timeColumn,
      key: key ?? added?.key,
    };
  }
}

function requireTimes(
  schema: FrameSchema,
  column: string | undefined,
  about: { storage: string; frame: string },
): void {
  const field = schema.fields.find(({ name }) => name === column);
  if (!field || /^(date|datetime\[.*)$/.test(field.type)) return;
  throw new SchemaError(`The time column "${field.name}" of ${about.frame} has the type ${field.type}.`, {
    ...about,
    hint: "A time column holds dates or datetimes.",
  });
}

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { FrameSchema } from "../../contracts/frame-schema.ts";
import type { Logger } from "../../contracts/logger.ts";
import { segmentName } from "../../frame/names.ts";
import { errnoOf, fileError } from "../../system/files.ts";
import { placeFile } from "../../system/place-file.ts";
import { type FoundMarks, type Marks, marksShape } from "../marks.ts";

const keptSchema = z.object({
  format: z.literal("millrace-csv-schema"),
  version: z.literal(1),
  name: z.string(),
  bytes: z.number().int().nonnegative(),
  sha256: z.string(),
  rows: z.number().int().nonnegative(),
  schema: z.object({ fields: z.array(z.object({ name: z.string(), type: z.string(), nullable: z.boolean() })) }),
  timeColumn: z.string().optional(),
  key: z.array(z.string()).optional(),
  marks: marksShape.optional(),
});

/** What a CSV file itself does not say. It holds for one content of the file only. */
export interface KeptSchema {
  rows: number;
  schema: FrameSchema;
  timeColumn?: string | undefined;
  key?: readonly string[] | undefined;
  /** The runs that saved it. */
  marks?: Marks | undefined;
}

/** Size and hash of a file's bytes. */
export interface Content {
  bytes: number;
  sha256: string;
}

/**
 * The schemas of written CSV files: FS_DATA/.millrace/csv/<name's segment>/<SHA-256 of the file>.json. The one of a new file is
 * placed before the file, and the old one removed after it, so at every instant the file that stands there has its own.
 */
export class KeptSchemas {
  readonly #folder: string;
  readonly #logger: Logger;

  constructor(root: string, logger: Logger) {
    this.#folder = join(root, ".millrace", "csv");
    this.#logger = logger;
  }

  /** The schema for that content; null when millrace did not write it. */
  async find(name: string, { bytes, sha256 }: Content): Promise<KeptSchema | null> {
    const path = join(this.#folder, segmentName(name), `${sha256}.json`);
    const text = await readFile(path, "utf8").catch((cause: unknown) => {
      if (errnoOf(cause) === "ENOENT") return null;
      throw fileError(cause, { storage: "csv", frame: name, doing: `read the schema kept of ${name}` });
    });
    if (text === null) return null;
    const kept = keptSchema.safeParse(parseJson(text));
    if (kept.success && kept.data.bytes === bytes && kept.data.sha256 === sha256 && kept.data.name === name)
      return kept.data;
    this.#logger.warn({ frame: name }, `The schema kept of ${name} is damaged; its types are found from the file.`);
    return null;
  }

  /** The schema of the last save of that name, whatever stands there now. Null when there was none. */
  async last(name: string): Promise<FrameSchema | null> {
    const folder = join(this.#folder, segmentName(name));
    let newest: { time: number; schema: FrameSchema } | null = null;
    for (const file of await this.#all(name)) {
      const path = join(folder, file);
      const [text, time] = [await readFile(path, "utf8").catch(() => ""), await stat(path).catch(() => null)];
      const kept = keptSchema.safeParse(parseJson(text));
      if (!kept.success || !time || kept.data.name !== name) continue;
      if (!newest || time.mtimeMs > newest.time) newest = { time: time.mtimeMs, schema: kept.data.schema };
    }
    return newest?.schema ?? null;
  }

  /** The schema of the file at `path`, which is read for its hash only where a schema of a file of that size is kept. */
  async ofFile(name: string, path: string, signal?: AbortSignal): Promise<KeptSchema | null> {
    if (!(await this.hasAny(name))) return null;
    return this.find(name, await contentOf(path, signal));
  }

  /** The marks of the file at `path`, which is read for its hash only where there are marks. The caller knows that it is there. */
  async marksOf(name: string, path: string): Promise<FoundMarks> {
    const texts = (await this.#all(name)).map((file) => readFile(join(this.#folder, segmentName(name), file), "utf8"));
    const kept = (await Promise.all(texts)).map((text) => keptSchema.safeParse(parseJson(text)));
    if (!kept.some(({ data }) => data?.marks)) return { parts: [], cursors: [] };
    const own = await this.find(name, await contentOf(path));
    return own ? (own.marks ?? { parts: [], cursors: [] }) : "changed";
  }

  /** Whether a schema of any content of that name is kept: then the file was changed by another program. */
  async hasAny(name: string): Promise<boolean> {
    return (await this.#all(name)).length > 0;
  }

  async put(
    name: string,
    { bytes, sha256 }: Content,
    { rows, schema, timeColumn, key, marks }: KeptSchema,
  ): Promise<void> {
    const kept = keptSchema.parse({
      ...{ format: "millrace-csv-schema", version: 1, name, bytes, sha256, rows, schema },
      ...(timeColumn !== undefined && { timeColumn }),
      ...(key && { key }),
      ...(marks && { marks }),
    });
    const path = join(this.#folder, segmentName(name), `${sha256}.json`);
    await placeFile(path, (staging) => writeFile(staging, `${JSON.stringify(kept)}\n`), {
      storage: "csv",
      frame: name,
    });
  }

  /** Removes all but the one of that content. The caller holds the name's lock, and the file is in place. */
  async dropOthers(name: string, sha256: string | null): Promise<void> {
    const folder = join(this.#folder, segmentName(name));
    for (const file of await this.#all(name)) {
      if (file !== `${sha256}.json`) await rm(join(folder, file), { force: true });
    }
    if (sha256 === null) await rm(folder, { recursive: true, force: true });
  }

  async #all(name: string): Promise<string[]> {
    return readdir(join(this.#folder, segmentName(name))).catch(() => []);
  }
}

/** Reads all of a file for its size and SHA-256. */
export async function contentOf(path: string, signal?: AbortSignal): Promise<Content> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, ...(signal && { signal }) })) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DataFrame } from "../../../src/frame/polars.ts";
import { type CsvReadOptions, CsvStorage } from "../../../src/storages/csv/index.ts";
import { freshContext } from "../place.ts";

/** A storage in whose folder other programs have put files. */
export async function withFiles(files: Record<string, string | Buffer>) {
  const context = await freshContext();
  for (const [name, content] of Object.entries(files)) {
    const path = join(context.config.FS_DATA, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  const storage = new CsvStorage(context);
  return { context, lines: context.lines, source: storage.source(), saver: storage.saver() };
}

/** Header and rows of a file, read as a whole and in batches of two rows; both have to be the same. */
export async function readBothWays(content: string | Buffer, options: CsvReadOptions = {}, name = "x.csv") {
  const { source, lines } = await withFiles({ [name]: content });
  const frame = await source.getData(name, options);
  const batches = await Array.fromAsync(source.getBatches(name, { ...options, batchRows: 2 }));
  const whole = { columns: frame.columns, types: typesOf(frame), rows: frame.rows() };
  for (const batch of batches) {
    if (JSON.stringify(typesOf(batch)) !== JSON.stringify(whole.types)) throw new Error("a batch has other types");
    if (batch.height > 2) throw new Error(`a batch has ${batch.height} rows`);
  }
  const rows = batches.flatMap((batch) => batch.rows());
  if (JSON.stringify(rows) !== JSON.stringify(whole.rows)) throw new Error("the batches differ from the frame");
  return { ...whole, lines };
}

function typesOf(frame: DataFrame): string[] {
  return frame.dtypes.map(String);
}

import { readFile } from "node:fs/promises";
import type { Config } from "../../config/settings.ts";
import { heightOf, lazyOf } from "../../frame/access.ts";
import { exchangeFile } from "../../frame/exchange.ts";
import type { DataFrame } from "../../frame/polars.ts";
import { schemaOf } from "../../frame/schema.ts";
import { withoutFormulas } from "../../storages/csv/formulas.ts";
import { refuseInexact, writeCsv } from "../../storages/csv/writer.ts";

const format = { separator: ",", compression: "uncompressed", ending: ".csv" } as const;

/** A CSV file as the csv storage writes it. Texts that a spreadsheet would run as formulas get an apostrophe, unless `exact`. */
export async function* csvOf(
  pieces: AsyncIterable<DataFrame>,
  { config, frame, exact }: { config: Config; frame: string; exact: boolean },
): AsyncGenerator<Uint8Array> {
  let header = true;
  for await (const piece of pieces) {
    const height = heightOf(piece);
    const content = { rows: lazyOf(piece), schema: schemaOf(piece), height };
    const { rows, schema } = exact ? content : withoutFormulas(content);
    await refuseInexact({ rows, schema, frame });
    await using file = await exchangeFile(config, 32 * 2 ** 20);
    await writeCsv(file.path, { rows, schema, frame }, { format, height, config, header });
    yield await readFile(file.path);
    header = false;
  }
}

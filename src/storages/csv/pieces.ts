import { writeFile } from "node:fs/promises";
import type { Config } from "../../config/settings.ts";
import { exactColumns, heightOf } from "../../frame/access.ts";
import { exchangeFile } from "../../frame/exchange.ts";
import { type DataFrame, type Expr, pl } from "../../frame/polars.ts";
import { sameType, typeText } from "../../frame/types.ts";
import { ColumnScan } from "./column-scan.ts";
import { decodeTexts, requireValues } from "./convert.ts";
import { type CsvFile, chunkBytes, corrupt } from "./csv-file.ts";
import { DigitProof } from "./digits.ts";
import type { ColumnPlan } from "./plan.ts";
import { typeOfShapes } from "./shapes.ts";
import type { Table } from "./table.ts";
import { RecordWalk, type Rows } from "./walk.ts";

/** Values have other shapes than the plan says. All of the file has to be looked at for a better one. */
export class Misplanned extends Error {}

/** What is handed to polars at once. */
const pieceBytes = 16 * chunkBytes;

/** What is read: a file, what its first lines say of it, and how each column is read. */
export interface Reading {
  file: CsvFile;
  table: Table;
  plans: readonly ColumnPlan[];
  config: Config;
  /** Told of ragged rows that were dropped. */
  onDropped?: ((walk: RecordWalk) => void) | undefined;
}

/** The name of the i-th column while it is read; names of users would be taken for patterns. */
export function columnId(i: number): string {
  return `c${i}`;
}

/**
 * The rows of a file as frames of some 16 MB of text. While polars' threads parse one, the records of the next are cut. There is at least one frame.
 *
 * @throws Misplanned; CorruptDataError with the line; SchemaError for a value that is not of its declared type.
 */
export async function* readPieces(reading: Reading): AsyncGenerator<DataFrame> {
  const { file, table, plans, config } = reading;
  if (plans.length === 0) {
    yield pl.DataFrame({});
    return;
  }
  const proof = new DigitProof();
  const scans = plans.map(({ task }, i) => new ColumnScan(i, task, table.point, proof));
  const walk = new RecordWalk(file, table, scans, pieceBytes);
  let parsing: Promise<DataFrame> | undefined;
  let rows = 0;
  const parse = () => {
    const taken = walk.takeRows();
    const piece = parsePiece(reading, taken, rows, proof.failed(config));
    piece.catch(() => {});
    rows += taken.count;
    return piece;
  };
  try {
    for await (const _ of walk.steps()) {
      if (plans.some(({ allowed }, i) => ((scans[i] as ColumnScan).seen & ~allowed) !== 0)) throw new Misplanned();
      if (walk.pieceBytes < pieceBytes) continue;
      const before = parsing;
      parsing = parse();
      if (before) yield await before;
    }
    if (plans.some((plan, i) => isMisplanned(plan, scans[i] as ColumnScan))) throw new Misplanned();
    const before = parsing;
    if (!before || walk.pieceBytes > 0) {
      parsing = parse();
      if (before) yield await before;
    }
    const last = await parsing;
    if (last) yield last;
    reading.onDropped?.(walk);
  } finally {
    await parsing?.catch(() => {});
  }
}

/** Whether all values together make another type than was planned: times without a fraction in front of times with one. */
function isMisplanned({ task, type, isFound }: ColumnPlan, { seen, digits }: ColumnScan): boolean {
  return isFound && task.kind !== "pass" && !sameType(typeOfShapes(seen, digits), type);
}

async function parsePiece(
  { file, table, plans, config }: Reading,
  rows: Rows,
  before: number,
  failed: Promise<number[]>,
): Promise<DataFrame> {
  const { signs } = table;
  const wanted = plans.flatMap((plan, i) => (plan.wanted ? [{ plan, id: columnId(i) }] : []));
  const separator = String.fromCharCode(signs.separator);
  await using exchange = await exchangeFile(config, rows.bytes.length);
  await writeFile(exchange.path, [Buffer.from(`${plans.map((_, i) => columnId(i)).join(separator)}\n`), rows.bytes]);
  const scanned = pl.scanCSV(exchange.path, {
    sep: separator,
    // There is no NUL in the text.
    quoteChar: signs.quote < 0 ? "\0" : String.fromCharCode(signs.quote),
    schema: Object.fromEntries(plans.map(({ parsed }, i) => [columnId(i), parsed])),
    ...{ hasHeader: true, ignoreErrors: false, glob: false, inferSchemaLength: 0, cache: false },
  });
  const frame = await scanned
    .withColumns(...valuesOf(wanted))
    .select(exactColumns(wanted.map(({ id }) => id)))
    .collect();
  file.signal?.throwIfAborted();
  if ((await failed).length > 0) throw new Misplanned();
  if (heightOf(frame) !== rows.count) {
    const hint = "Read it again when no other program writes it.";
    throw corrupt(file, `has ${rows.count} rows where ${heightOf(frame)} were read: it is damaged`, hint);
  }
  const values = await decodeTexts(frame, wanted, { frame: file.frame, before, point: table.point });
  await requireValues(values, wanted, { frame: file.frame, before, point: table.point });
  values.columns = wanted.map(({ plan }) => plan.field.name);
  return values;
}

/** One expression for all columns of a type: one for each of a thousand would take a second. */
function valuesOf(parts: readonly { plan: ColumnPlan; id: string }[]): Expr[] {
  const groups = Map.groupBy(parts, ({ plan }) => (plan.value ? typeText(plan.type) : null));
  return [...groups.values()].flatMap((group) => group[0]?.plan.value?.(pl.col(group.map(({ id }) => id))) ?? []);
}

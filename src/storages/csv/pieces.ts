import type { Config } from "../../config/settings.ts";
import { exactColumns, heightOf } from "../../frame/access.ts";
import { type DataFrame, type Expr, pl } from "../../frame/polars.ts";
import { sameType, typeText } from "../../frame/types.ts";
import { ColumnScan } from "./column-scan.ts";
import { decodeTexts, requireValues } from "./convert.ts";
import { type CsvFile, corrupt } from "./csv-file.ts";
import { DigitProof } from "./digits.ts";
import { columnId, Piece, pieceBytesFor } from "./piece.ts";
import { type ColumnPlan, Misplanned } from "./plan.ts";
import { typeOfShapes } from "./shapes.ts";
import type { Table } from "./table.ts";
import { RecordWalk } from "./walk.ts";

/** What is read: a file, what its first lines say of it, and how each column is read. */
export interface Reading {
  file: CsvFile;
  table: Table;
  plans: readonly ColumnPlan[];
  config: Config;
  /** Told of ragged rows that were dropped. */
  onDropped?: ((walk: RecordWalk) => void) | undefined;
}

/**
 * The rows of a file as frames of some 16 MB of text. While polars' threads parse one, the records of the next are cut. There is at least
 * one frame.
 *
 * @throws Misplanned; CorruptDataError with the line; SchemaError for a value that is not of its declared type.
 */
export async function* readPieces(reading: Reading): AsyncGenerator<DataFrame> {
  const { file, table, plans, config } = reading;
  if (plans.length === 0) {
    yield pl.DataFrame({});
    return;
  }
  const pieceBytes = pieceBytesFor(config);
  const proof = new DigitProof();
  const scans = plans.map(({ task }, i) => new ColumnScan(i, task, table.signs.point, proof));
  const walk = new RecordWalk(file, table, scans, true);
  const parser = parserOf(reading);
  let piece: Piece | undefined;
  let parsing: Promise<DataFrame> | undefined;
  let rows = 0;
  const parse = (whole: Piece) => {
    const parsed = parsePiece(reading, parser, whole, rows, proof.failed(config));
    parsed.catch(() => {});
    rows += whole.rows;
    piece = undefined;
    return parsed;
  };
  try {
    for await (const _ of walk.steps()) {
      if (plans.some(({ allowed }, i) => ((scans[i] as ColumnScan).seen & ~allowed) !== 0)) throw new Misplanned();
      piece ??= await Piece.open(plans.length, table, config);
      await piece.add(walk.takeRows());
      if (walk.done ? parsing && piece.rows === 0 : piece.bytes < pieceBytes) continue;
      if (walk.done && plans.some((plan, i) => isMisplanned(plan, scans[i] as ColumnScan))) throw new Misplanned();
      const before = parsing;
      parsing = parse(piece);
      if (before) yield await before;
    }
    if (parsing) yield await parsing;
    reading.onDropped?.(walk);
  } finally {
    await piece?.[Symbol.asyncDispose]();
    await parsing?.catch(() => {});
  }
}

/** Whether all values together make another type than was planned: times without a fraction in front of times with one. */
function isMisplanned({ task, type, isFound }: ColumnPlan, { seen, digits }: ColumnScan): boolean {
  return isFound && task.kind !== "pass" && !sameType(typeOfShapes(seen, digits), type);
}

/** How polars parses a piece. Made once: nodejs-polars takes its time to make an expression. */
function parserOf({ table, plans }: Reading) {
  const { separator, quote } = table.signs;
  const wanted = plans.flatMap((plan, i) => (plan.wanted ? [{ plan, id: columnId(i) }] : []));
  const options = {
    sep: String.fromCharCode(separator),
    // There is no NUL in the text.
    quoteChar: quote < 0 ? "\0" : String.fromCharCode(quote),
    schema: Object.fromEntries(plans.map(({ parsed }, i) => [columnId(i), parsed])),
    ...{ hasHeader: true, ignoreErrors: false, glob: false, inferSchemaLength: 0, cache: false },
  };
  return { wanted, options, values: valuesOf(wanted), columns: exactColumns(wanted.map(({ id }) => id)) };
}

async function parsePiece(
  { file, table }: Reading,
  parser: ReturnType<typeof parserOf>,
  piece: Piece,
  before: number,
  failed: Promise<number[]>,
): Promise<DataFrame> {
  await using _ = piece;
  const { point } = table.signs;
  const { wanted, options, values: expressions, columns } = parser;
  const scanned = pl.scanCSV(await piece.close(), options);
  const parsed = scanned
    .withColumns(...expressions)
    .select(columns)
    .collect();
  const frame = await parsed.catch((cause: unknown) => {
    throw new Misplanned("polars refused a value", { cause });
  });
  file.signal?.throwIfAborted();
  if ((await failed).length > 0) throw new Misplanned();
  if (heightOf(frame) !== piece.rows) {
    const hint = "Read it again when no other program writes it.";
    throw corrupt(file, `has ${piece.rows} rows where ${heightOf(frame)} were read: it is damaged`, hint);
  }
  const place = { frame: file.frame, before, point };
  const values = await decodeTexts(frame, wanted, place);
  await requireValues(values, wanted, place);
  values.columns = wanted.map(({ plan }) => plan.field.name);
  return values;
}

/** One expression for all columns of a type: one for each of a thousand would take a second. */
function valuesOf(parts: readonly { plan: ColumnPlan; id: string }[]): Expr[] {
  const groups = Map.groupBy(parts, ({ plan }) => (plan.value ? typeText(plan.type) : null));
  return [...groups.values()].flatMap((group) => group[0]?.plan.value?.(pl.col(group.map(({ id }) => id))) ?? []);
}

import { SchemaError } from "../../errors.ts";
import { lazyOf, sliceOf } from "../../frame/access.ts";
import { type DataFrame, type Expr, pl } from "../../frame/polars.ts";
import { recodeFrame } from "../../frame/recode.ts";
import { misfitError } from "./misfit.ts";
import { type ColumnPlan, Misplanned } from "./plan.ts";

/** A column of a piece, called `id`, and how it is read. */
interface Part {
  id: string;
  plan: ColumnPlan;
}

/** Where the piece stands, for errors. */
interface Place {
  frame: string;
  /** Rows before the piece. */
  before: number;
  /** The byte before a number's fraction. */
  point: number;
}

/**
 * The values of texts, by the types of their columns. No value is turned into null: one that does not fit is refused.
 *
 * @throws SchemaError naming row, column and value; Misplanned where the type was found, and not declared.
 */
export async function decodeTexts(frame: DataFrame, parts: readonly Part[], place: Place): Promise<DataFrame> {
  const open = parts.filter(({ plan }) => plan.decoded);
  if (open.length === 0) return frame;
  const texts = lazyOf(frame);
  const groups = Map.groupBy(open, ({ plan }) =>
    [plan.field.type, plan.decoded?.written, plan.decoded?.emptyIsNull].join(" "),
  );
  const expressions = [...groups.values()].map((group) => {
    return decoded(pl.col(group.map(({ id }) => id)), (group[0] as Part).plan, place.point).keepName();
  });
  const values = await texts.withColumns(...expressions).collect();
  const [before, after] = [frame, values].map((each) => nullCounts(each));
  for (const { id, plan } of open) {
    if (!plan.decoded || before?.get(id) === after?.get(id)) continue;
    const given = givenText(pl.col(id), plan.decoded);
    const misfits = await texts
      .withRowIndex("row")
      .filter(given.isNotNull().and(decoded(pl.col(id), plan, place.point).isNull()))
      .select(pl.col("row"), pl.col(id))
      .head(1)
      .collect();
    if (misfits.height > 0) throw misfit(place, plan, first(misfits, "row"), first(misfits, id));
  }
  const recodings = open.flatMap(({ id, plan }) => plan.decoded?.column.recoding("from texts", id) ?? []);
  return recodeFrame(values, recodings, ({ column, row }) => {
    const { plan } = open.find(({ id }) => id === column) as Part;
    // Its own text: the one that is recoded has a point where the file has a comma.
    return misfit(place, plan, row, first(sliceOf(frame, row, 1), column));
  });
}

/** A column that was declared without nulls has none. */
export async function requireValues(values: DataFrame, parts: readonly Part[], place: Place): Promise<void> {
  const counts = parts.some(({ plan }) => plan.required) ? nullCounts(values) : new Map<string, unknown>();
  for (const { id, plan } of parts) {
    if (!plan.required || counts.get(id) === 0) continue;
    const nulls = await values
      .lazy()
      .withRowIndex("row")
      .filter(pl.col(id).isNull())
      .select(pl.col("row"))
      .head(1)
      .collect();
    throw new SchemaError(
      `Row ${rowOf(place, first(nulls, "row"))} of ${place.frame} has nothing in column "${plan.field.name}", which may not be null.`,
      { storage: "csv", frame: place.frame, hint: "Mend the file, or declare the column as nullable." },
    );
  }
}

/** By column; nodejs-polars is slow to hand out a thousand columns one by one. */
function nullCounts(frame: DataFrame): Map<string, unknown> {
  const counts = frame.nullCount();
  const row: readonly unknown[] = counts.row(0);
  return new Map(frame.columns.map((id, at) => [id, row[at]]));
}

function decoded(text: Expr, { decoded, type }: ColumnPlan, point: number): Expr {
  if (!decoded) return text;
  const { column, written } = decoded;
  const given = givenText(text, decoded);
  const isNumber = /^(float|decimal)/.test(type.kind);
  return column.decode(isNumber && point !== 0x2e ? withPoint(given, String.fromCharCode(point)) : given, written);
}

/** A number with its own sign before the fraction; one that has a point already is none. */
function withPoint(text: Expr, sign: string): Expr {
  return text.str.replaceAll("\\.", "x").str.replace(sign, ".", true);
}

/** In a file of another program `""` is how some write "nothing"; a declared column that may be null takes it so. */
function givenText(text: Expr, { emptyIsNull }: NonNullable<ColumnPlan["decoded"]>): Expr {
  if (!emptyIsNull) return text;
  return pl
    .when(text.eq(pl.lit("")))
    .then(pl.lit(null))
    .otherwise(text)
    .cast(pl.String);
}

function first(frame: DataFrame, column: string): unknown {
  return frame.getColumn(column).toArray()[0];
}

function rowOf({ before }: Place, row: unknown): number {
  return before + Number(row) + 1;
}

function misfit(place: Place, plan: ColumnPlan, row: unknown, text: unknown): Error {
  if (plan.isFound) return new Misplanned();
  const point = String.fromCharCode(place.point);
  return misfitError({ frame: place.frame, row: rowOf(place, row), text: String(text), point }, plan);
}

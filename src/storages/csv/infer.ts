import { type DataFrame, type Expr, pl } from "../../frame/polars.ts";
import type { ColumnType, TimeUnit } from "../../frame/types.ts";
import { typeText } from "../../frame/types.ts";
import type { FoundField } from "./convert.ts";
import { decodeDatetime, fractionDigits, hasOffset, isFiner, isoDatetime, writtenDatetime } from "./datetime.ts";

/** A type that a column of texts can turn out to have, with the proof over all its values. */
interface Candidate {
  /** Whether the texts have the one form in which millrace writes that type. */
  written?: boolean;
  /** A form that all such texts have: quick to look for in a sample before the proof, which is not. */
  shape: string;
  /** One boolean: whether every text (nulls aside) is such a value and is held exactly. */
  proves(text: Expr): Expr;
  type(text: string, frame: DataFrame): Promise<ColumnType | null>;
}

const truth = "^(true|false)$";
const isoDate = "^\\d{4}-\\d{2}-\\d{2}$";
const wholeNumber = "^(0|-?[1-9][0-9]{0,18})$";
const decimalNumber = "^-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?$";
const shortDecimal = "^-?(0|[1-9][0-9]*)(\\.[0-9]+)?$";
const floatWords = "^(NaN|nan|-?inf|-?Infinity)$";

const writtenTypes = [null, "UTC"].flatMap((zone) =>
  (["ms", "us", "ns"] as const).map((unit) => ({ kind: "datetime", unit, zone }) as const),
);

/**
 * Strictest first, and of two for one type the quicker. What no candidate proves stays text: leading zeros and plus signs,
 * numbers with more digits than 64 bits hold, mixed columns, words for "nothing" such as NA or NULL.
 */
const candidates: Candidate[] = [
  { shape: truth, proves: (text) => text.str.contains(truth).all(), type: always({ kind: "boolean" }) },
  {
    shape: wholeNumber,
    proves: (text) =>
      text.str.contains(wholeNumber).all().and(text.cast(pl.Int64, false).nullCount().eq(text.nullCount())),
    type: always({ kind: "int64" }),
  },
  { shape: shortDecimal, proves: provesShortDecimal, type: always({ kind: "float64" }) },
  { shape: `${decimalNumber}|${floatWords}`, proves: provesFloat, type: always({ kind: "float64" }) },
  {
    shape: isoDate,
    proves: (text) =>
      text.str.contains(isoDate).all().and(text.str.strptime(pl.Date, "%Y-%m-%d").nullCount().eq(text.nullCount())),
    type: always({ kind: "date" }),
  },
  ...writtenTypes.map((type) => ({
    written: true,
    shape: writtenDatetime(type),
    proves: (text: Expr) =>
      text.str
        .contains(writtenDatetime(type))
        .all()
        .and(decodeDatetime(text, type, true).nullCount().eq(text.nullCount())),
    type: always(type),
  })),
  {
    shape: isoDatetime,
    proves: (text) => text.str.contains(isoDatetime).all().and(hasOffset(text).not().all()),
    type: datetimeType(null),
  },
  {
    shape: isoDatetime,
    proves: (text) => text.str.contains(isoDatetime).all().and(hasOffset(text).all()),
    type: datetimeType("UTC"),
  },
];

/**
 * The types of columns of texts, proven over every row; a sample only spares the proofs that must fail.
 *
 * @param texts string columns called `columns[i].id`.
 */
export async function inferFields(texts: DataFrame, columns: { id: string; name: string }[]): Promise<FoundField[]> {
  const sample = texts.head(1_000);
  const types = new Map<string, ColumnType>();
  const written = new Set<string>();
  let open = columns.map(({ id }) => id).filter((id) => texts.getColumn(id).nullCount() < texts.height);
  for (const candidate of candidates) {
    const likely = await proven(sample, open, (text) => text.str.contains(candidate.shape).all());
    for (const id of await proven(texts, likely, candidate.proves)) {
      const type = await candidate.type(id, texts);
      if (type) types.set(id, type);
      if (candidate.written) written.add(id);
    }
    open = open.filter((id) => !types.has(id));
  }
  return columns.map(({ id, name }) => ({
    name,
    type: typeText(types.get(id) ?? { kind: "string" }),
    nullable: texts.getColumn(id).nullCount() > 0,
    written: written.has(id),
  }));
}

async function proven(texts: DataFrame, ids: string[], proves: Candidate["proves"]): Promise<string[]> {
  if (ids.length === 0) return [];
  const row = await texts
    .lazy()
    .select(...ids.map((id) => proves(pl.col(id)).alias(id)))
    .collect();
  return ids.filter((id) => row.getColumn(id).toArray()[0] === true);
}

function always(type: ColumnType): Candidate["type"] {
  return async () => type;
}

/** At most 15 digits, which a float always holds. */
function provesShortDecimal(text: Expr): Expr {
  return text.str.contains(shortDecimal).all().and(text.str.contains("^.{16}").any().not());
}

/**
 * Short decimals are held to the last digit. For long ones and those with an exponent the digits of the shortest text
 * of the float have to be the same; else the column stays text.
 */
function provesFloat(text: Expr): Expr {
  const isWord = text.str.contains(floatWords);
  const shape = text.str.contains(decimalNumber).or(isWord).all();
  const delicate = text.filter(isWord.not().and(text.str.contains("^.{16}|[eE]")));
  const exact = digitsOf(delicate)
    .eq(digitsOf(delicate.cast(pl.Float64, false).cast(pl.String)))
    .all();
  return shape.and(exact).and(isWord.not().any());
}

/** The digits of a number without sign, point, exponent and the zeros at both ends. */
function digitsOf(text: Expr): Expr {
  return text.str.replace("[eE].*$", "").str.replaceAll("[^0-9a-z]", "").str.replace("^0+", "").str.replace("0+$", "");
}

/** The coarsest unit that has all digits; without any digit of a fraction, us. Null when a time does not fit it. */
function datetimeType(zone: string | null): Candidate["type"] {
  return async (id, texts) => {
    const fine = async (digits: number) => {
      const found = await texts
        .lazy()
        .select(isFiner(pl.col(id), digits).any().alias(id))
        .collect();
      return found.getColumn(id).toArray()[0] === true;
    };
    const unit: TimeUnit = (await fine(fractionDigits.us))
      ? "ns"
      : (await fine(fractionDigits.ms)) || !(await fine(0))
        ? "us"
        : "ms";
    const type = { kind: "datetime", unit, zone } as const;
    const held = await texts
      .lazy()
      .select(decodeDatetime(pl.col(id), type, false).nullCount().eq(pl.col(id).nullCount()).alias(id))
      .collect();
    return held.getColumn(id).toArray()[0] === true ? type : null;
  };
}

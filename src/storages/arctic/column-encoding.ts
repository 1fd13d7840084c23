import type { FrameSchema, TypeText } from "../../contracts/frame-schema.ts";
import { FidelityError, SchemaError } from "../../errors.ts";
import { exactColumn } from "../../frame/access.ts";
import { type Expr, type LazyDataFrame, pl } from "../../frame/polars.ts";
import { type ColumnType, parseType, sameType, toPolars, typeText } from "../../frame/types.ts";

/** A column of a frame, and the type as which ArcticDB holds it. Plain JSON: it stands in a symbol's metadata. */
export interface StoredColumn {
  readonly name: string;
  /** The frame's own type. */
  readonly type: TypeText;
  readonly nullable: boolean;
  /** The type in ArcticDB: that of the frame, or the one that `storedType` chose for it. */
  readonly stored: TypeText;
}

/** Types that ArcticDB holds as they are. */
const asTheyAre = new Set<string>([
  ...["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"],
  ...["float32", "float64", "boolean", "string"],
]);

const nanoseconds = { kind: "datetime", unit: "ns", zone: null } as const;

/**
 * How ArcticDB can hold a type exactly, the better way first. ArcticDB's only time is timestamp[ns], from 1677-09-22 to
 * 2262-04-11. Within that a date is its midnight and every datetime is itself in nanoseconds, which Python programs read as
 * times. Beyond it a date is its days and a datetime its units since 1970, as integers. Null when nothing holds it.
 */
function storedTypes(type: ColumnType): readonly [within: ColumnType, beyond: ColumnType | null] | null {
  if (asTheyAre.has(type.kind)) return [type, type];
  if (type.kind === "date") return [nanoseconds, { kind: "int32" }];
  if (type.kind !== "datetime") return null;
  return [{ ...nanoseconds, zone: type.zone }, type.unit === "ns" ? null : { kind: "int64" }];
}

/** Bounds of timestamp[ns] in days and milliseconds; its least value is ArcticDB's null. All are exact as JavaScript numbers. */
const bounds = {
  date: [-106_751, 106_751],
  datetime: [-9_223_372_036_853, 9_223_372_036_853],
} as const;

/**
 * Chooses how each column is held. Reads the frame once if it has dates or times.
 *
 * @throws FidelityError naming column, row and remedy; SchemaError for names of columns that ArcticDB can't take.
 */
export async function planColumns(lazy: LazyDataFrame, schema: FrameSchema, frame: string): Promise<StoredColumn[]> {
  const types = schema.fields.map(({ name, type }) => ({ name, type: parseType(type) }));
  assertColumnNames(types, frame);
  for (const { name, type } of types) if (!storedTypes(type)) throw await refused(lazy, name, type, frame);
  const beyond = await columnsBeyond(lazy, types);
  return schema.fields.map(({ name, type, nullable }) => {
    const [inside, outside] = storedTypes(parseType(type)) ?? [];
    const row = beyond.get(name);
    const stored = row === undefined ? inside : outside;
    if (!stored) {
      throw new FidelityError(
        `Column "${name}", row ${(row ?? 0) + 1}: the least of all nanosecond times is ArcticDB's null.`,
        { storage: "arctic", frame, hint: "Use null there, or a datetime in microseconds." },
      );
    }
    return { name, type, nullable, stored: typeText(stored) };
  });
}

/** Where the first value stands that timestamp[ns] can't hold, by column. */
async function columnsBeyond(
  lazy: LazyDataFrame,
  columns: readonly { name: string; type: ColumnType }[],
): Promise<Map<string, number>> {
  const times = columns.filter(({ type }) => type.kind === "date" || type.kind === "datetime");
  if (times.length === 0) return new Map();
  const outside = ({ name, type }: { name: string; type: ColumnType }): Expr => {
    if (type.kind === "date") return notWithin(exactColumn(name).cast(pl.Int32), bounds.date);
    if (type.kind === "datetime" && type.unit === "ns")
      return exactColumn(name).cast(pl.Int64).eq(pl.lit("-9223372036854775808").cast(pl.Int64));
    const zone = type.kind === "datetime" ? type.zone : null;
    return notWithin(exactColumn(name).cast(pl.Datetime("ms", zone)).cast(pl.Int64), bounds.datetime);
  };
  const found = await lazy
    .select(
      ...times.map((column, index) => outside(column).any().alias(`any${index}`)),
      ...times.map((column, index) => outside(column).cast(pl.Int8).argMax().alias(`row${index}`)),
    )
    .collect();
  const values: readonly unknown[] = found.row(0);
  const value = (name: string) => values[found.columns.indexOf(name)];
  return new Map(
    times.flatMap(({ name }, index) => (value(`any${index}`) === true ? [[name, Number(value(`row${index}`))]] : [])),
  );
}

function notWithin(column: Expr, [least, most]: readonly [number, number]): Expr {
  return column.lt(pl.lit(least)).or(column.gt(pl.lit(most)));
}

async function refused(lazy: LazyDataFrame, name: string, type: ColumnType, frame: string): Promise<FidelityError> {
  const first = await lazy.select(exactColumn(name).isNotNull().cast(pl.Int8).argMax().alias("at")).collect();
  const row = Number(first.row(0)[0] ?? 0) + 1;
  return new FidelityError(
    `Column "${name}", row ${row}: ArcticDB can't hold values of the type ${typeText(type)} exactly.`,
    {
      storage: "arctic",
      frame,
      hint: `Cast the column to string or a number, or leave it out; or save to temp, which holds every type.`,
    },
  );
}

/** ArcticDB's process ends at an empty name, cuts one at NUL, and reads two equal ones back as the same column. */
function assertColumnNames(columns: readonly { name: string }[], frame: string): void {
  const seen = new Set<string>();
  columns.forEach(({ name }, index) => {
    const problem =
      name === "" ? "is empty" : name.includes("\0") ? "holds a NUL character" : seen.has(name) ? "comes twice" : null;
    if (problem) {
      throw new FidelityError(
        `Column ${index + 1}, ${JSON.stringify(name)}: its name ${problem}, which ArcticDB can't hold.`,
        {
          storage: "arctic",
          frame,
          hint: "Rename the column.",
        },
      );
    }
    seen.add(name);
  });
}

/** The columns as ArcticDB holds them, the index first when there is one. */
export function encodeColumns(
  lazy: LazyDataFrame,
  columns: readonly StoredColumn[],
  index: string | null,
): LazyDataFrame {
  const first = columns.filter(({ name }) => name === index);
  const others = columns.filter(({ name }) => name !== index);
  return lazy.select(...[...first, ...others].map(({ name, type, stored }) => casted(name, type, stored)));
}

/** The frame's own columns, in its own order. `only` leaves the others out. */
export function decodeColumns(
  lazy: LazyDataFrame,
  columns: readonly StoredColumn[],
  only?: readonly string[],
): LazyDataFrame {
  const wanted = only ? columns.filter(({ name }) => only.includes(name)) : columns;
  return lazy.select(...wanted.map(({ name, type, stored }) => casted(name, stored, type)));
}

function casted(name: string, from: TypeText, to: TypeText): Expr {
  const target = parseType(to);
  return sameType(parseType(from), target) ? exactColumn(name) : exactColumn(name).cast(toPolars(target));
}

/** The frame's schema. */
export function schemaOfColumns(columns: readonly StoredColumn[]): FrameSchema {
  return { fields: columns.map(({ name, type, nullable }) => ({ name, type, nullable })) };
}

/** A column that the worker reports: pyarrow's text of its type. */
export interface ArrowColumn {
  readonly name: string;
  readonly type: string;
}

const fromArrow: Record<string, TypeText> = {
  double: "float64",
  float: "float32",
  bool: "boolean",
  large_string: "string",
};

/** The type that pyarrow's text stands for, of those that ArcticDB gives. */
export function typeOfArrow(type: string): TypeText {
  const [, unit, zone] = /^timestamp\[(\w+)(?:, tz=(.+))?\]$/.exec(type) ?? [];
  if (unit !== undefined) return zone === undefined ? `datetime[${unit}]` : `datetime[${unit}, ${zone}]`;
  const text = fromArrow[type] ?? type;
  if (!asTheyAre.has(text))
    throw new SchemaError(`ArcticDB gave a column of the type ${type}, which is not known here.`);
  return text;
}

/** Columns as ArcticDB has them, for a symbol that another program wrote. */
export function foreignColumns(columns: readonly ArrowColumn[]): StoredColumn[] {
  return columns.map(({ name, type }) => ({
    name,
    type: typeOfArrow(type),
    nullable: true,
    stored: typeOfArrow(type),
  }));
}

/** Whether what was kept about a symbol still describes the columns that it has. */
export function stillFits(kept: readonly StoredColumn[], columns: readonly ArrowColumn[]): boolean {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  return (
    kept.length === columns.length &&
    kept.every(({ name, stored }) => {
      const type = types.get(name);
      return type !== undefined && sameType(parseType(stored), parseType(typeOfArrow(type)));
    })
  );
}

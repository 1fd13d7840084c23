import type { FrameField, FrameSchema } from "../../contracts/frame-schema.ts";
import { SchemaError } from "../../errors.ts";
import { type DataType, type Expr, pl } from "../../frame/polars.ts";
import { type ColumnType, parseType, toPolars, typeText } from "../../frame/types.ts";
import type { ScanTask } from "./column-scan.ts";
import { type CsvColumn, csvColumn } from "./column-types.ts";
import { fractionDigits } from "./datetime.ts";
import { allowed, shape } from "./shapes.ts";
import { type ColumnShapes, foundType } from "./survey.ts";

/** Values have other shapes than the plan says. All of the file has to be looked at for a better one. */
export class Misplanned extends Error {
  constructor(message = "its values changed while they were read", options?: ErrorOptions) {
    super(message, options);
  }
}

/** How the values of a column come out of the file. */
export interface ColumnPlan {
  field: FrameField;
  type: ColumnType;
  /** False for a column that is not asked for. */
  wanted: boolean;
  task: ScanTask;
  /** Shapes that its values may have; with any other the plan is wrong. */
  allowed: number;
  /** What polars parses the text as. */
  parsed: DataType;
  /** Makes the value of what was parsed. */
  value?: (parsed: Expr) => Expr;
  /** The texts are decoded one by one, and each misfit is told. */
  decoded?: { column: CsvColumn; written: boolean; emptyIsNull: boolean };
  /** Whether a null has to be refused. */
  required: boolean;
  /** Whether the type was found, and has to be that of all values together. */
  isFound: boolean;
}

const any = -1;
const cramped = shape.crampedUs | shape.crampedNs;
const look: ScanTask = { kind: "look", proves: false };
const pass: ScanTask = { kind: "pass" };

type Way = Pick<ColumnPlan, "task" | "allowed" | "parsed" | "value">;

/** Types that polars parses straight from the text, once it is known what shape all texts have. */
function quickWay(type: ColumnType): Way | null {
  switch (type.kind) {
    case "string":
      return { task: pass, allowed: any, parsed: pl.String };
    case "int64":
      return { task: { kind: "number", type: "int64" }, allowed: allowed.int64 | shape.inexact, parsed: pl.Int64 };
    case "float64":
      return { task: { kind: "number", type: "float64" }, allowed: allowed.float64, parsed: pl.Float64 };
    case "boolean":
      return { task: look, allowed: allowed.boolean, parsed: pl.Bool };
    case "date":
      return {
        task: { kind: "overwrite", unit: "day" },
        ...{ allowed: allowed.date, parsed: pl.Int32, value: (days) => days.cast(pl.Date) },
      };
    case "datetime": {
      const { unit, zone } = type;
      const shapes = zone === null ? allowed.wall : allowed.instant;
      const never = { ms: 0, us: shape.crampedUs, ns: shape.crampedNs | shape.beyondNs }[unit];
      return {
        task: { kind: "overwrite", unit },
        allowed: shapes & ~never,
        parsed: pl.Int64,
        value: (ticks) => ticks.cast(pl.Datetime(unit, zone)),
      };
    }
    default:
      return null;
  }
}

/** Types whose text millrace wrote: they need no look. */
const writtenPlainly = /^(u?int(8|16|32|64)|float(32|64)|boolean|string)$/;

/** The way of a column of a file that millrace wrote. */
function writtenWay(type: ColumnType): Way | null {
  if (writtenPlainly.test(type.kind)) return { task: pass, allowed: any, parsed: toPolars(type) };
  return quickWay(type);
}

/** Where the types of a file's columns come from: what was kept or found, and what is declared. */
export interface Types {
  /** Name of the frame, for errors. */
  frame: string;
  /** The schema that was kept when millrace wrote the file. */
  kept?: FrameSchema | undefined;
  declared?: FrameSchema | undefined;
  /** The types that several files have in common. */
  common?: FrameSchema | undefined;
  /** What the values look like; of a file that millrace wrote only where that was looked at. */
  shapes?: readonly ColumnShapes[] | undefined;
  /** Whether the shapes are those of the first rows only. */
  sampled?: boolean;
  /** Columns that are asked for; all when left out. */
  wanted?: readonly string[] | undefined;
}

/**
 * How each column is read. Declared types win over those that were kept or found.
 *
 * @throws SchemaError for a declared column that the file lacks.
 */
export function planColumns(names: readonly string[], types: Types): ColumnPlan[] {
  const { declared, frame, wanted } = types;
  const missing = declared?.fields.find(({ name }) => !names.includes(name));
  if (missing) {
    throw new SchemaError(`The schema declares the column "${missing.name}", which ${frame} does not have.`, {
      storage: "csv",
      frame,
      hint: `It has: ${names.join(", ")}.`,
    });
  }
  return names.map((name, i) => {
    const isWanted = wanted === undefined || wanted.includes(name);
    const plan = planColumn(name, i, types);
    return isWanted ? plan : { ...plan, wanted: false, task: pass, allowed: any };
  });
}

function planColumn(name: string, index: number, types: Types): ColumnPlan {
  const seen = types.shapes?.[index];
  const own = types.kept?.fields[index];
  const ofName = (schema: FrameSchema | undefined) => schema?.fields.find((field) => field.name === name);
  const declared = ofName(types.declared);
  const given = declared ?? ofName(types.common) ?? own;
  const type = given ? parseType(given.type) : seen ? foundType(seen) : ({ kind: "string" } as const);
  const field = given ?? { name, type: typeText(type), nullable: true };
  const required = declared !== undefined && !declared.nullable;
  const common = { field, type, wanted: true, required, isFound: given === undefined };
  const isWritten = own !== undefined && own.type === field.type;
  const written = isWritten && !seen ? writtenWay(type) : null;
  if (written) return { ...common, ...written };
  // Of a column without any value in the sample, each value to come has to be looked at.
  if (types.sampled && !given && seen?.seen === shape.empty) {
    return { ...common, task: look, allowed: shape.empty | shape.text, parsed: pl.String };
  }
  const way = quickWay(type);
  if (way && (type.kind === "string" || (seen && fits(seen, way, type)))) return { ...common, ...way };
  const emptyIsNull = declared?.nullable === true && type.kind !== "string";
  const decoded = { column: csvColumn(field), written: isWritten, emptyIsNull };
  // A type that was found has to hold what comes after the sample too: times that are too short to be written over are looked at.
  const looked = given || !way ? { task: pass, allowed: any } : { task: look, allowed: way.allowed | cramped };
  return { ...common, ...looked, parsed: pl.String, decoded };
}

/** Whether all values that were seen can go that way. */
function fits({ seen, digits }: ColumnShapes, way: Way, type: ColumnType): boolean {
  return (seen & ~way.allowed) === 0 && (type.kind !== "datetime" || digits <= fractionDigits[type.unit]);
}

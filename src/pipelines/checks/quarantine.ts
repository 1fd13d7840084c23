import { setImmediate as nextTurn } from "node:timers/promises";
import type { FrameField } from "../../contracts/frame-schema.ts";
import { CorruptDataError } from "../../errors.ts";
import { columnsOf, heightOf, lazyOf } from "../../frame/access.ts";
import { frame } from "../../frame/frame.ts";
import { frameSchema } from "../../frame/frame-schema.ts";
import { type DataFrame, pl } from "../../frame/polars.ts";
import { records } from "../../frame/records.ts";
import { typesOf } from "../../frame/schema.ts";
import { fromText, toText } from "../../frame/text-form.ts";
import { type ColumnType, parseType, typeText } from "../../frame/types.ts";
import type { BadRows } from "./checker.ts";

/**
 * What a quarantine holds, in types that every storage keeps exactly. `id` is the same when the run puts the row aside again, so
 * that saving by it makes no second one. `values` is the whole row as one JSON object, each value as `toText` writes it, and
 * `columns` its columns' names and types, by which it becomes the very row again.
 */
export const quarantineSchema = frameSchema({
  id: "string",
  run: "string",
  at: "datetime[us, UTC]",
  source: "string",
  row: "int64",
  check: "string",
  reason: "string",
  columns: "string",
  values: "string",
});

/** What a quarantine is saved by. */
export const quarantineKey = ["id"] as const;

/** Where rows that broke a check are kept. */
export function quarantineName(destination: string): string {
  return `${destination}__quarantine`;
}

/** Whose rows they are. */
export interface QuarantineAbout {
  readonly run: string;
  /** What they were read from; it tells apart the rows of several sources that one run puts aside. */
  readonly source: string;
  /** Default: now. */
  readonly at?: Date;
}

/** Rows turned to text in one turn of the event loop. */
const rowsAtOnce = 2_048;

/** The rows that broke a check, as a quarantine keeps them. In slices: about 1 s for 100,000 rows of 8 columns. */
export async function quarantineFrame(
  bad: BadRows,
  { run, source, at = new Date() }: QuarantineAbout,
): Promise<DataFrame> {
  const names = columnsOf(bad.frame);
  const types = typesOf(bad.frame);
  const columns = JSON.stringify(names.map((name, index) => [name, typeText(types[index] as ColumnType)]));
  const whole: ColumnType = {
    kind: "struct",
    fields: names.map((name, index) => ({ name, type: types[index] as ColumnType })),
  };
  const aside = async function* () {
    for (let first = 0; first < heightOf(bad.frame); first += rowsAtOnce) {
      const slice = await lazyOf(bad.frame).slice(first, rowsAtOnce).collect();
      for (const [index, values] of records(slice).entries()) {
        const { row, checks, reasons } = bad.faults[first + index] ?? { row: 0, checks: [], reasons: [] };
        yield {
          id: `${run}/${source}/${row}`,
          run,
          at,
          source,
          row,
          check: holdable(checks.join("; ")),
          reason: holdable(reasons.length > 0 ? reasons.join("; ") : `It breaks ${checks.join(" and ")}.`),
          columns,
          values: toText(whole, values),
        };
      }
      await nextTurn();
    }
  };
  return frame(aside(), quarantineSchema);
}

/** A text about a row in which nothing is that a storage refuses: then the row could not be put aside. */
function holdable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\\0");
}

/** Rows out of a quarantine that had the same columns. */
export interface RestoredRows {
  /** The rows, with the columns and types that they came with. */
  readonly frame: DataFrame;
  /** Their ids, in the order of the rows. */
  readonly ids: readonly string[];
}

/**
 * The rows that a quarantine keeps, as they were: one frame for each set of columns.
 *
 * @throws CorruptDataError for a row that is no longer what was put aside.
 */
export async function restoreRows(quarantine: DataFrame): Promise<RestoredRows[]> {
  const groups = new Map<string, { ids: string[]; slices: DataFrame[] }>();
  const kept = lazyOf(quarantine).select("id", "columns", "values");
  for (let first = 0; first < heightOf(quarantine); first += rowsAtOnce) {
    const slice = records(await kept.slice(first, rowsAtOnce).collect()) as unknown as KeptRow[];
    for (const [columns, rows] of Map.groupBy(slice, (row) => row.columns)) {
      const group = groups.get(columns) ?? { ids: [], slices: [] };
      groups.set(columns, group);
      group.ids.push(...rows.map(({ id }) => id));
      group.slices.push(rebuilt(columns, rows));
    }
    await nextTurn();
  }
  return Promise.all(
    [...groups.values()].map(async ({ ids, slices }) => ({
      ids,
      frame: slices.length === 1 ? (slices[0] as DataFrame) : await pl.concat(slices.map(lazyOf)).collect(),
    })),
  );
}

interface KeptRow {
  readonly id: string;
  readonly columns: string;
  readonly values: string;
}

function rebuilt(columns: string, rows: readonly KeptRow[]): DataFrame {
  let id: string | undefined;
  try {
    const fields: FrameField[] = (JSON.parse(columns) as [string, string][]).map(([name, type]) => ({
      name,
      type,
      nullable: true,
    }));
    const whole: ColumnType = {
      kind: "struct",
      fields: fields.map(({ name, type }) => ({ name, type: parseType(type) })),
    };
    const values = rows.map((row) => {
      id = row.id;
      return fromText(whole, row.values) as Record<string, unknown>;
    });
    return frame(values, { fields });
  } catch (cause) {
    throw new CorruptDataError(
      `The rows of a quarantine can't be read back${id === undefined ? "" : `, at or after "${id}"`}: ${(cause as Error).message}`,
      {
        cause,
        hint: "Its columns `columns` and `values` must stay as they were written.",
      },
    );
  }
}

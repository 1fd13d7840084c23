import type { Config } from "../../config/settings.ts";
import type { FrameField } from "../../contracts/frame-schema.ts";
import { type ColumnType, typeText } from "../../frame/types.ts";
import { ColumnScan } from "./column-scan.ts";
import type { CsvFile } from "./csv-file.ts";
import { DigitProof } from "./digits.ts";
import { shape, typeOfShapes } from "./shapes.ts";
import type { Table } from "./table.ts";
import { RecordWalk } from "./walk.ts";

/** What the values of a column look like. */
export interface ColumnShapes {
  name: string;
  /** Bits of `shape`. */
  seen: number;
  /** Most digits of a second's fraction. */
  digits: number;
}

export interface Survey {
  columns: ColumnShapes[];
  rows: number;
  /** False for a survey of the first rows only. */
  whole: boolean;
}

/** How many steps of a walk make a sample. A file that is not longer is then known as a whole. */
const sampleSteps = 2;

/** Looks at all values of a file, or at those of its first MB, and keeps none. */
export async function surveyFile(file: CsvFile, table: Table, config: Config, part: "all" | "sample"): Promise<Survey> {
  const proof = new DigitProof();
  const columns = table.names.map(
    (_, i) => new ColumnScan(i, { kind: "look", proves: true }, table.signs.point, proof),
  );
  const walk = new RecordWalk(file, table, columns, false);
  const prove = async () => {
    for (const i of await proof.failed(config)) (columns[i] as ColumnScan).seen |= shape.inexact;
  };
  let steps = 0;
  let whole = true;
  for await (const _ of walk.steps()) {
    steps += 1;
    if (proof.isLong) await prove();
    if (part === "all" || steps < sampleSteps || walk.done) continue;
    whole = false;
    break;
  }
  await prove();
  const shapes = columns.map(({ seen, digits }, i) => ({ name: table.names[i] as string, seen, digits }));
  return { columns: shapes, rows: walk.rows, whole };
}

/** The type of a column, and whether it has nulls. */
export function fieldOf({ name, seen, digits }: ColumnShapes): FrameField {
  return { name, type: typeText(foundType({ name, seen, digits })), nullable: (seen & shape.empty) !== 0 };
}

export function foundType({ seen, digits }: ColumnShapes): ColumnType {
  return typeOfShapes(seen, digits);
}

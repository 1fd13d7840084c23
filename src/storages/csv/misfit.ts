import { SchemaError } from "../../errors.ts";
import type { ColumnType } from "../../frame/types.ts";
import { isoDatetime } from "./datetime.ts";
import type { ColumnPlan } from "./plan.ts";

/** A text that is no value of its column's type, as it stands in the file. */
export interface Misfit {
  frame: string;
  /** From 1, without the header. */
  row: number;
  text: string;
  /** The sign before a number's fraction. */
  point: string;
}

export function misfitError({ frame, row, text, point }: Misfit, { field, type }: ColumnPlan): SchemaError {
  const shown = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
  const { reason, hint } = reasonOf(text, type, point);
  return new SchemaError(
    `Row ${row} of ${frame} has ${shown} in column "${field.name}", which is no ${field.type}${reason ? `: ${reason}` : ""}.`,
    { storage: "csv", frame, hint: hint ?? "Mend the value in the file, or declare the column as string." },
  );
}

function reasonOf(text: string, type: ColumnType, point: string): { reason?: string; hint?: string } {
  if (type.kind === "datetime") return zoneReason(text, type);
  if (!/^(float|decimal)/.test(type.kind)) return {};
  if (point === "." && /^[+-]?[\d.]*,\d+$/.test(text)) {
    return { hint: 'If a comma stands before fractions, give `decimal: ","`; else declare the column as string.' };
  }
  if (point === "," && /^[+-]?\d*\.\d+$/.test(text)) {
    return {
      reason: "the option `decimal` says that a comma stands before fractions",
      hint: 'Leave `decimal: ","` out if it is the point, or declare the column as string.',
    };
  }
  return {};
}

function zoneReason(text: string, { unit, zone }: Extract<ColumnType, { kind: "datetime" }>) {
  const time = new RegExp(isoDatetime).exec(text);
  if (!time || (time[4] !== undefined) === (zone !== null)) return {};
  return zone === null
    ? {
        reason: "it has an offset from UTC, and the type no zone",
        hint: `Declare the column as datetime[${unit}, UTC] or string.`,
      }
    : {
        reason: "it has no offset from UTC, and the type a zone",
        hint: `Declare the column as datetime[${unit}], which has none, or string; or write the offset (Z) into the file.`,
      };
}

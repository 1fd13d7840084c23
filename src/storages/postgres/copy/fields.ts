import type { Field } from "apache-arrow";
import { arrowLibrary } from "../../../frame/arrow-library.ts";
import { toArrowField } from "../../../frame/arrow-types.ts";
import type { ColumnType } from "../../../frame/types.ts";
import { type Mapping, mappingOf, readMapping } from "../types.ts";
import type { DecodedColumn } from "./misfit.ts";

/** A column of the PostgreSQL type `sql` that becomes one of `type`. */
export function decodedColumn(name: string, sql: string, type: ColumnType): DecodedColumn {
  const mapping = readMapping(sql, type);
  return { name, mapping, field: fieldOf(name, mapping) };
}

/** The Arrow field of what is decoded. What has no wire of its own is text, and becomes its own type in the whole frame. */
function fieldOf(name: string, { type, asJson }: Mapping): Field {
  const { Field: ArrowField, Utf8, Binary, List, FixedSizeList } = arrowLibrary();
  if (asJson || type.kind === "string" || type.kind === "categorical") return new ArrowField(name, new Utf8(), true);
  if (type.kind === "binary") return new ArrowField(name, new Binary(), true);
  if (type.kind !== "list" && type.kind !== "array") return toArrowField(name, type);
  const item = fieldOf("item", mappingOf(type.item));
  return new ArrowField(name, type.kind === "list" ? new List(item) : new FixedSizeList(type.size, item), true);
}

import { BytesBuilder, EnumBuilder } from "./build-bytes.ts";
import { BoolBuilder, FixedBuilder, NullBuilder } from "./build-fixed.ts";
import { ListBuilder } from "./build-list.ts";
import type { ColumnBuilder } from "./column-builder.ts";
import type { DecodedColumn } from "./misfit.ts";

/** The builder for a column. @param owner whose items they are. */
export function newBuilder(column: DecodedColumn, frame: string, owner?: ColumnBuilder): ColumnBuilder {
  const { type, wire } = column.mapping;
  switch (wire) {
    case "bytes":
      return new (type.kind === "enum" ? EnumBuilder : BytesBuilder)(column, frame, owner);
    case "bool":
      return new BoolBuilder(column, frame, owner);
    case "none":
      return new NullBuilder(column, frame, owner);
    case "array":
      return new ListBuilder(column, frame, owner, newBuilder);
    default:
      return new FixedBuilder(column, frame, owner);
  }
}

/**
 * A column's type as text: `int64`, `float64`, `boolean`, `string`, `date`, `datetime[us, UTC]`,
 * `decimal(12, 2)`, `list[int64]` … The grammar and its meaning stand in `frame/types.ts`.
 */
export type TypeText = string;

/** One column of a frame: its name, its type and whether a null may stand in it. */
export interface FrameField {
  /** The column's name, exactly. */
  readonly name: string;
  /** The column's type. */
  readonly type: TypeText;
  /** Whether a null may stand in it. */
  readonly nullable: boolean;
}

/** A schema as a user may write it: whole, or as `{ ticker: "string", price: "float64?" }`, where `?` allows nulls. */
export type DeclaredSchema = FrameSchema | Readonly<Record<string, TypeText>>;

/** The columns of a frame, in order. Plain JSON, so it can stand in a manifest or in metadata. */
export interface FrameSchema {
  /** One for each column, in order. */
  readonly fields: readonly FrameField[];
}

/**
 * The TypeScript types of a schema's rows, read from the types' texts by the type checker. The grammar stands at `parseType`,
 * the values at `records` and `frame`.
 *
 * @module
 */
import type { StandardSchema } from "../contracts/standard-schema.ts";
import type { DataFrame, DataType } from "./polars.ts";

/** Columns and their types as literal texts: `{ ts: "datetime[us, UTC]", note: "string?" }`. */
export type ColumnTexts = Readonly<Record<string, string>>;

/** The rows that a schema of `frameSchema` describes, or what a validator such as a zod object gives: `RowOf<typeof prices>`. */
export type RowOf<Schema> = Schema extends StandardSchema<unknown, infer Output> ? Output : Record<string, unknown>;

/** The rows that a schema of `frameSchema` takes: `NewRowOf<typeof prices>`. */
export type NewRowOf<Schema> =
  Schema extends StandardSchema<infer Input, unknown> ? Input : Readonly<Record<string, unknown>>;

/** Rows as `records` gives them. */
export type OutputRow<Columns extends ColumnTexts> = {
  -readonly [Name in keyof Columns]: ValueOf<Columns[Name], "out">;
};

/** Rows as `frame` takes them: a column that allows nulls may be left out. */
export type InputRow<Columns extends ColumnTexts> = Flat<
  { readonly [Name in RequiredNames<Columns>]: ValueOf<Columns[Name], "in"> } & {
    readonly [Name in Exclude<keyof Columns, RequiredNames<Columns>>]?: ValueOf<Columns[Name], "in"> | undefined;
  }
>;

/** The frame that has these columns, to the type checker: it knows their names and, of most, their series. */
export type FrameOf<Columns extends ColumnTexts> = DataFrame<{ [Name in keyof Columns]: DTypeOf<Columns[Name]> }>;

type DTypeOf<Text extends string> = Text extends `${infer Type}?`
  ? DTypeOf<Type>
  : Text extends keyof DTypes
    ? DTypes[Text]
    : Text extends `datetime[${string}`
      ? DataType.Datetime
      : DataType;

interface DTypes {
  int8: DataType.Int8;
  int16: DataType.Int16;
  int32: DataType.Int32;
  int64: DataType.Int64;
  uint8: DataType.UInt8;
  uint16: DataType.UInt16;
  uint32: DataType.UInt32;
  uint64: DataType.UInt64;
  float32: DataType.Float32;
  float64: DataType.Float64;
  boolean: DataType.Bool;
  string: DataType.String;
  date: DataType.Date;
  time: DataType.Time;
  categorical: DataType.Categorical;
}

/** The same columns; a text that is no column type becomes one that no text fits, so that it does not compile. */
export type ValidColumns<Columns extends ColumnTexts> = {
  readonly [Name in keyof Columns]: [ValueOf<Columns[Name], "out">] extends [never]
    ? `${Columns[Name]} is no column type`
    : Columns[Name];
};

type RequiredNames<Columns extends ColumnTexts> = {
  [Name in keyof Columns]: null extends ValueOf<Columns[Name], "in"> ? never : Name;
}[keyof Columns];

type Flat<Type> = { [Key in keyof Type]: Type[Key] };

/** What comes out of a frame, or what goes in. */
type Way = "out" | "in";

interface PlainValues {
  out: Plain<number, bigint, number, string, string, Uint8Array>;
  in: Plain<
    number | bigint,
    number | bigint,
    number | bigint,
    string | Date,
    string | bigint,
    Uint8Array | ArrayBuffer
  >;
}

interface Plain<Small, Wide, Float, Day, Time, Bytes> {
  int8: Small;
  int16: Small;
  int32: Small;
  int64: Wide;
  uint8: Small;
  uint16: Small;
  uint32: Small;
  uint64: Wide;
  float32: Float;
  float64: Float;
  boolean: boolean;
  string: string;
  binary: Bytes;
  date: Day;
  time: Time;
  null: null;
  categorical: string;
}

/** The value of a type's text with its `?`; `unknown` for a text that is not known before run time, `never` for one that is no type. */
type ValueOf<Text extends string, In extends Way> = string extends Text
  ? unknown
  : Text extends `${infer Type}?`
    ? Whole<Parse<Type, In>> extends infer Value
      ? [Value] extends [never]
        ? never
        : Value | null
      : never
    : Whole<Parse<Text, In>>;

/** The value of a text that was read to its end. */
type Whole<Parsed> = Parsed extends [infer Value, infer Rest extends string]
  ? Skip<Rest> extends ""
    ? Value
    : never
  : never;

type Skip<Text extends string> = Text extends ` ${infer Rest}` ? Skip<Rest> : Text;

/** Reads one type from the left: `[its value, the text behind it]`. */
type Parse<Text extends string, In extends Way> = Text extends ` ${infer Rest}`
  ? Parse<Rest, In>
  : Text extends `datetime[${infer Inside}]${infer Rest}`
    ? [Datetime<Inside, In>, Rest]
    : Text extends `duration[${TimeUnit}]${infer Rest}`
      ? [In extends "out" ? bigint : bigint | number, Rest]
      : Text extends `decimal(${infer _Parts})${infer Rest}`
        ? [In extends "out" ? string : string | bigint | number, Rest]
        : Text extends `enum[${infer Rest}`
          ? Categories<Rest>
          : Text extends `list[${infer Rest}`
            ? Items<Parse<Rest, In>, In>
            : Text extends `array[${infer Rest}`
              ? SizedItems<Parse<Rest, In>, In>
              : Text extends `struct{${infer Rest}`
                ? Fields<Skip<Rest>, In>
                : ParsePlain<Text, In>;

type ParsePlain<Text extends string, In extends Way> = {
  [Kind in keyof PlainValues["out"]]: Text extends `${Kind}${infer Rest}` ? [PlainValues[In][Kind], Rest] : never;
}[keyof PlainValues["out"]];

type TimeUnit = "ms" | "us" | "ns";

type Datetime<Inside extends string, In extends Way> =
  Skip<Inside> extends `${TimeUnit}${infer Zone}`
    ? In extends "in"
      ? Date | string | bigint
      : Skip<Inside> extends `ms${string}`
        ? Skip<Zone> extends ""
          ? string
          : Date
        : string
    : never;

type Items<Item, In extends Way> = Item extends [infer Value, infer Rest extends string]
  ? Skip<Rest> extends `]${infer Behind}`
    ? [ListOf<Value, In>, Behind]
    : never
  : never;

type SizedItems<Item, In extends Way> = Item extends [infer Value, infer Rest extends string]
  ? Skip<Rest> extends `,${infer _Size}]${infer Behind}`
    ? [ListOf<Value, In>, Behind]
    : never
  : never;

type ListOf<Value, In extends Way> = In extends "out"
  ? (Value | null)[]
  : readonly (Value | null | undefined)[] | (ArrayLike<Extract<Value, number | bigint>> & ArrayBufferView);

/** `"low","high"]`: the union of the categories. One with a backslash in it makes it `string`. */
type Categories<Text extends string, Found extends string = never> =
  Skip<Text> extends `"${infer Category}"${infer Rest}`
    ? Skip<Rest> extends `,${infer More}`
      ? Categories<More, Found | Literal<Category>>
      : Skip<Rest> extends `]${infer Behind}`
        ? [Found | Literal<Category>, Behind]
        : Skip<Text> extends `${infer _Categories}"]${infer Behind}`
          ? [string, Behind]
          : never
    : never;

type Literal<Text extends string> = Text extends `${string}\\${string}` ? string : Text;

/** `"a": int64, "b": string}`. A name with a backslash in it makes the object one of unknown fields. */
type Fields<Text extends string, In extends Way, Found = unknown> = Text extends `}${infer Behind}`
  ? [Flat<Found>, Behind]
  : Text extends `"${infer Name}"${infer Rest}`
    ? Skip<Rest> extends `:${infer Type}`
      ? MoreFields<Parse<Type, In>, Name, In, Found>
      : [Readonly<Record<string, unknown>>, ""]
    : never;

type MoreFields<Parsed, Name extends string, In extends Way, Found> = Parsed extends [
  infer Value,
  infer Rest extends string,
]
  ? Skip<Rest> extends `,${infer More}`
    ? Fields<Skip<More>, In, Found & Field<Name, Value, In>>
    : Fields<Skip<Rest>, In, Found & Field<Name, Value, In>>
  : never;

type Field<Name extends string, Value, In extends Way> = In extends "out"
  ? { [Key in Name]: Value | null }
  : { readonly [Key in Name]?: Value | null | undefined };

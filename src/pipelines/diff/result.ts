import type { FrameField } from "../../contracts/frame-schema.ts";

/** A row, or some of its columns, as `records` gives it. */
export type DiffRow = Readonly<Record<string, unknown>>;

/** A column whose type differs. */
export interface RetypedColumn {
  readonly name: string;
  readonly old: string;
  readonly new: string;
  /** Whether its values were compared nevertheless, in a type that holds both exactly. */
  readonly compared: boolean;
}

/** How the columns of two frames differ. */
export interface ColumnsDiff {
  /** Columns that only the new frame has. */
  readonly added: readonly FrameField[];
  /** Columns that only the old frame has. */
  readonly removed: readonly FrameField[];
  /** Columns of both, with another type. */
  readonly retyped: readonly RetypedColumn[];
  /** The columns that both have stand in another order. */
  readonly reordered: boolean;
}

/** A row that is in both with other values: its key (or its row number), and the columns that differ. */
export interface ChangedRow {
  /** The values of the key's columns. */
  readonly key: DiffRow;
  /** The changed columns with their old values. */
  readonly old: DiffRow;
  /** The changed columns with their new values. */
  readonly new: DiffRow;
}

/** How two frames differ, `old` being the first. Rows are compared in the columns that both have. */
export interface FrameDiff {
  /** No row and no column differs. */
  readonly equal: boolean;
  /** How rows were paired: by their key, by their place, or by all that they hold, in any order. */
  readonly by: "key" | "order" | "content";
  /** The columns by which rows were paired. */
  readonly key: readonly string[];
  /** Rows of the old frame. */
  readonly oldRows: number;
  /** Rows of the new frame. */
  readonly newRows: number;
  /** How the columns differ. */
  readonly columns: ColumnsDiff;
  /** Rows that only the new frame has. */
  readonly added: number;
  /** Rows that only the old frame has. */
  readonly removed: number;
  /** Always 0 by `content`, where a changed row is one removed and one added. */
  readonly changed: number;
  /** Rows that are equal in both. */
  readonly unchanged: number;
  /** Changed rows by column; columns without any are left out. */
  readonly changes: Readonly<Record<string, number>>;
  /** The first rows of each kind. */
  readonly samples: {
    readonly added: readonly DiffRow[];
    readonly removed: readonly DiffRow[];
    readonly changed: readonly ChangedRow[];
    readonly unchanged: readonly DiffRow[];
  };
}

/** How to pair the rows. Without `key` and `order`: by all that they hold, in any order. */
export interface DiffOptions {
  /** Columns that name a row; no two rows of a frame may have the same, and none may be null. */
  readonly key?: readonly string[] | undefined;
  /** Compares row by row as they stand. */
  readonly order?: boolean | undefined;
  /** Rows of each kind that are shown. Default: 5. */
  readonly samples?: number | undefined;
  /** Ends the comparison; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

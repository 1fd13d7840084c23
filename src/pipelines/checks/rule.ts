import type { ColumnOf, OnFail, Verdict } from "../../contracts/check.ts";
import type { Expr } from "../../frame/polars.ts";
import type { Bound } from "./bounds.ts";

/** How a rule is looked at. What is on single rows can put them aside; `count`, `fresh` and `frame` can only stop or warn. */
export type Test =
  | { readonly kind: "notNull" }
  | { readonly kind: "between"; readonly least: Bound | undefined; readonly most: Bound | undefined }
  | { readonly kind: "oneOf"; readonly values: readonly unknown[] }
  | { readonly kind: "matches"; readonly pattern: RegExp }
  | { readonly kind: "unique"; readonly columns: readonly string[] }
  | { readonly kind: "increasing"; readonly strict: boolean }
  | { readonly kind: "where"; readonly holds: (column: ColumnOf) => Expr }
  | { readonly kind: "value"; readonly judge: (value: never) => Verdict | Promise<Verdict> }
  | { readonly kind: "count"; readonly broken: (rows: number, before: readonly number[]) => string | null }
  | { readonly kind: "fresh"; readonly column: string; readonly maxAge: number | string }
  | { readonly kind: "frame"; readonly judge: (value: never) => Verdict | Promise<Verdict> };

/** One rule, as the functions of `rules.ts` make it. */
export class Rule {
  declare readonly forValues: (value: unknown) => void;
  declare readonly forRow: (row: unknown) => void;
  declare readonly forCount: true;
  declare readonly forFrame: true;
  readonly name: string;
  readonly test: Test;
  /** What it means for the number of rows; only `min` and `max` may stand at a column and at `rows`. */
  readonly count: (Test & { kind: "count" }) | undefined;
  readonly onFail: OnFail | undefined;

  constructor(name: string, test: Test, more: { count?: Test & { kind: "count" }; onFail?: OnFail } = {}) {
    this.name = name;
    this.test = test;
    this.count = test.kind === "count" ? test : more.count;
    this.onFail = more.onFail;
  }
}

import { SchemaError } from "../errors.ts";
import type { Markup } from "./markup.ts";

/** How the head of a table is found. */
export interface TableOptions {
  /** Names of the columns, in place of those in the table. */
  readonly columns?: readonly string[];
}

/** More cells than this in one row are a hostile `colspan`. */
const mostColumns = 1_000;

/**
 * The rows of an HTML table as texts by the names in its head: that of `<thead>`, else of its first row. A cell that spans columns
 * or rows stands in each of them. Names that come twice get a number: `Price`, `Price 2`; an empty one is `column 3`.
 *
 * @throws SchemaError when the selector finds no table, or the table has no head.
 */
export function tableRows($: Markup, selector: string, { columns }: TableOptions = {}): Record<string, string>[] {
  const table = $(selector).first();
  if (table.length === 0)
    throw new SchemaError(`No table was found with ${JSON.stringify(selector)}.`, { hint: "Mend the selector." });
  const lines = gridOf($, table);
  const heads = columns ? 0 : Math.max(1, lines.filter(({ isHead }) => isHead).length);
  const names = columns ?? distinct(lines[heads - 1]?.cells ?? []);
  if (names.length === 0)
    throw new SchemaError(`The table ${JSON.stringify(selector)} has no head.`, {
      hint: "Name its columns: { columns: [ … ] }.",
    });
  return lines
    .slice(heads)
    .filter(({ isHead }) => !isHead)
    .map(({ cells }) => Object.fromEntries(names.map((name, index) => [name, cells[index] ?? ""])));
}

interface Line {
  readonly cells: string[];
  readonly isHead: boolean;
}

function gridOf($: Markup, table: ReturnType<Markup>): Line[] {
  const carried: { text: string; rows: number }[] = [];
  return table
    .find("tr")
    .toArray()
    .filter((row) => $(row).closest("table").is(table))
    .map((row) => {
      const cells: string[] = [];
      const takeCarried = () => {
        for (let above = carried[cells.length]; above && above.rows > 0; above = carried[cells.length]) {
          above.rows--;
          cells.push(above.text);
        }
      };
      const own = $(row).children("td, th").toArray();
      for (const element of own) {
        takeCarried();
        const cell = $(element);
        const text = cell.text().replace(/\s+/g, " ").trim();
        const [wide, high] = [spanOf(cell.attr("colspan")), spanOf(cell.attr("rowspan"))];
        for (let at = 0; at < wide && cells.length < mostColumns; at++) {
          carried[cells.length] = { text, rows: high - 1 };
          cells.push(text);
        }
      }
      takeCarried();
      const isHead = $(row).parent().is("thead") || (own.length > 0 && own.every((element) => $(element).is("th")));
      return { cells, isHead };
    });
}

function spanOf(text: string | undefined): number {
  const span = Number(text ?? 1);
  return Number.isInteger(span) && span > 0 ? Math.min(span, mostColumns) : 1;
}

function distinct(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((given, index) => {
    const name = given || `column ${index + 1}`;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} ${count}`;
  });
}

import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { BenchCase } from "../harness.ts";
import type { Size } from "./measure.ts";

const folder = join(import.meta.dirname, "..");
const others = ["data", "harness", "run", "scale", "goals"];

/** All areas, by their files. */
export const areas: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith(".ts"))
  .map((name) => name.slice(0, -3))
  .filter((name) => !others.includes(name));

export interface Area {
  readonly cases: readonly BenchCase[];
  /** Rows of the tables that it is measured with, unless the command line says so. */
  readonly sizes?: readonly number[];
  /** Rows of the table in `bench:quick`. */
  readonly quickRows?: number;
}

export async function areaOf(name: string): Promise<Area> {
  return (await import(`../${name}.ts`)) as Area;
}

const usualSizes = [10_000, 100_000, 1_000_000];

/** The sizes as the command line has them, `10000,100000,flights`, else those of the area: the largest is where goals are judged. */
export function sizesOf({ sizes = usualSizes, cases }: Area, asked: string | undefined): Size[] {
  const words = asked?.split(",") ?? [...sizes.map(String), ...(cases.some((each) => each.real) ? ["flights"] : [])];
  return words.map((word) =>
    word === "flights" ? { rows: 1_000_000, data: "flights" } : { rows: Number(word), data: "test" },
  );
}

/** The cases that are measured with a size: those that need no table, or take minutes, only with the largest one. */
export function casesAt(cases: readonly BenchCase[], size: Size, sizes: readonly Size[]): BenchCase[] {
  const largest = sizes.filter(({ data }) => data === "test").at(-1) ?? sizes.at(-1);
  return cases.filter((each) => {
    if (size.data === "flights") return each.real;
    if (each.once) return size === largest && size.rows >= 1_000_000;
    return !each.fixed || size === largest;
  });
}

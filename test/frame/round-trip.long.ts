import { test } from "vitest";
import { checkRecords, checkRows } from "./round-trip.ts";

test("2,000 random frames come back from their rows, value by value, with their types", () => checkRecords(2_000));

test("of 2,000 random frames the rows one by one, in slices and through the schema's own check are the same", () =>
  checkRows(2_000));

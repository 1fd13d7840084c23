import { test } from "vitest";
import { checkRecords, checkRows } from "./round-trip.ts";

test("any frame comes back from its rows, value by value, with its types", () => checkRecords(120));

test("rows one by one, in slices and through the schema's own check are the same rows", () => checkRows(60));

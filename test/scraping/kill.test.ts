import { test } from "vitest";
import { expectSameAfterKills } from "./killed-crawl.ts";

test("a crawl that is killed again and again ends with the rows of an undisturbed one, and asks for no page twice that was done", () =>
  expectSameAfterKills(3, 60));

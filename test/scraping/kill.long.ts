import { test } from "vitest";
import { expectSameAfterKills } from "./killed-crawl.ts";

test("a crawl that is killed with -9 at 20 random moments ends with the rows of an undisturbed one", () =>
  expectSameAfterKills(20, 400));

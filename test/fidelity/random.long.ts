import { test } from "vitest";
import { checkPairs } from "./random.ts";

test("any frame of usual values goes exactly from any storage into any other", () => checkPairs("usual", 1_000));

test("any frame at all goes exactly from any storage into any other, or is refused", () => checkPairs("any", 1_000));

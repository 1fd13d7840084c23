import { test } from "vitest";
import { checkBackups, checkPairs } from "./random.ts";

test("any frame of usual values goes exactly from any storage into any other", () => checkPairs("usual", 1_000));

test("any frame at all goes exactly from any storage into any other, or is refused", () => checkPairs("any", 1_000));

test("any frame of usual values comes back from its backup, types and all", () => checkBackups(300));

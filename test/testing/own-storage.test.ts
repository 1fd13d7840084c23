import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SqliteStorage } from "../../examples/own-storage/sqlite-storage.ts";
import { testStorage } from "./storage.ts";

const roles = ({ type, capabilities, source, saver }: SqliteStorage) => ({
  reader: { type, capabilities, source },
  writer: { type, capabilities, saver },
});

testStorage("a user's own storage", () => new SqliteStorage(":memory:"));
testStorage("a storage that can only be read", () => roles(new SqliteStorage(":memory:")).reader);
testStorage("a storage that can only be saved to", () => roles(new SqliteStorage(":memory:")).writer);

test("the example of a whole storage stays under 150 lines", () => {
  const example = readFileSync(new URL("../../examples/own-storage/sqlite-storage.ts", import.meta.url), "utf8");
  expect(example.split("\n").length).toBeLessThan(151);
});

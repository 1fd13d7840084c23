import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/load.ts";

test.each([
  ["FS_BACKUP", { FS_DATA: "/d/data", FS_BACKUP: "/d/data" }],
  ["FS_BACKUP", { FS_DATA: "/d/data", FS_BACKUP: "/d" }],
  ["FS_TEMP", { FS_DATA: "/d/data", FS_TEMP: "/d/data" }],
  ["FS_TEMP", { FS_DATA: "/d/data", FS_TEMP: "/d/b", FS_BACKUP: "/d/b" }],
])("%s may not be a folder whose files another storage would take for its own", (field, values) => {
  expect(() => parseConfig(values)).toThrow(field);
});

test("backups and temp frames may stand below FS_DATA", () => {
  const values = { FS_DATA: "/d/data", FS_BACKUP: "/d/data/kept", FS_TEMP: "/d/data/temp" };
  expect(parseConfig(values)).toMatchObject(values);
});

import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { lazyOf, sliceOf } from "../../src/frame/access.ts";
import { compareFrames } from "../../src/frame/compare.ts";
import { frame } from "../../src/frame/frame.ts";
import { type DataFrame, pl } from "../../src/frame/polars.ts";
import { parseType } from "../../src/frame/types.ts";
import { recodeRows } from "../../src/storages/recode.ts";
import { testFolder } from "../frame/folder.ts";

const column = { name: "b", type: parseType("binary") };
const bytes = (rows: number): DataFrame =>
  frame(
    { id: Int32Array.from({ length: rows }, (_, id) => id), b: new Array(rows).fill(Uint8Array.of(0, 255)) },
    { id: "int32", b: "binary" },
  );
const settings = async () => {
  const folder = await testFolder();
  const config = parseConfig({ FS_DATA: `${folder}/data`, FS_TEMP: `${folder}/temp` });
  return { config, storage: "csv", frame: "prices" };
};

test("rows that fill more than one slice are recoded there and back in their order", async () => {
  const saved = bytes(300_000);
  const options = await settings();
  const parts = [lazyOf(sliceOf(saved, 0, 100)), lazyOf(sliceOf(saved, 100, 299_900))];
  await using texts = await recodeRows(pl.concat(parts), 300_000, [{ ...column, direction: "to texts" }], options);
  await using back = await recodeRows(texts.rows, 300_000, [{ ...column, direction: "from texts" }], options);
  expect(await compareFrames(await back.rows.collect(), saved)).toBeNull();
});

test("a text that is no value of its type is told with its row among all rows", async () => {
  const texts = frame({ b: [...new Array(270_000).fill("\\x00"), "\\x0"] }, { b: "string" });
  const refuse = ({ row }: { row: number }) => new Error(`row ${row}`);
  await expect(
    recodeRows(lazyOf(texts), 270_001, [{ ...column, direction: "from texts" }], { ...(await settings()), refuse }),
  ).rejects.toThrow("row 270000");
});

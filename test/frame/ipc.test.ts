import { readFile, rename, truncate, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tableFromIPC } from "apache-arrow";
import { describe, expect, test } from "vitest";
import { CorruptDataError, FidelityError, NotFoundError } from "../../src/errors.ts";
import { compareFrames } from "../../src/frame/compare.ts";
import { frame } from "../../src/frame/frame.ts";
import { readIpc, scanIpc, writeIpc } from "../../src/frame/ipc.ts";
import { pl } from "../../src/frame/polars.ts";
import { schemaOf } from "../../src/frame/schema.ts";
import { testFolder } from "./folder.ts";
import { everyType } from "./samples.ts";

describe("an Arrow file", () => {
  test("gives a frame of every type back, whatever the file is called", async () => {
    const path = join(await testFolder(), "frame.without-ending");
    const { df } = everyType();
    await writeIpc(df, path);
    const back = await readIpc(path);
    expect(schemaOf(back)).toEqual(schemaOf(df));
    expect(await compareFrames(df, back)).toBeNull();
  });

  test("gives a frame without rows and a lazy frame back", async () => {
    const path = join(await testFolder(), "a");
    const { df } = everyType();
    await writeIpc(df.head(0), path);
    expect(await compareFrames(df.head(0), await readIpc(path))).toBeNull();
    await writeIpc(df.lazy().head(2), path);
    expect(await compareFrames(df.head(2), await readIpc(path))).toBeNull();
  });

  test("has the layouts that every reader takes: no views, no compression", async () => {
    const path = join(await testFolder(), "a");
    await writeIpc(frame({ s: ["x"], b: [Uint8Array.of(1)] }), path);
    expect(tableFromIPC(await readFile(path)).schema.fields.map(({ type }) => String(type))).toEqual([
      "LargeUtf8",
      "LargeBinary",
    ]);
  });

  test("may be overwritten, cut or removed once it is read", async () => {
    const path = join(await testFolder(), "a");
    const df = frame({
      n: Float64Array.from({ length: 200_000 }, (_, n) => n),
      s: Array(200_000).fill("some longer text"),
    });
    await writeIpc(df, path);
    const overwritten = await readIpc(path);
    const bytes = await readFile(path);
    await writeFile(path, Buffer.alloc(bytes.length, 7), { flag: "r+" });
    expect(await compareFrames(df, overwritten)).toBeNull();
    await writeFile(path, bytes);
    const cut = await readIpc(path);
    await truncate(path, 100);
    await unlink(path);
    expect(await compareFrames(df, cut)).toBeNull();
  });

  test("may be replaced by a rename while frames of it live", async () => {
    const folder = await testFolder();
    const [old, next] = [frame({ n: [1] }), frame({ n: [2] })];
    await writeIpc(old, join(folder, "a"));
    const read = await readIpc(join(folder, "a"));
    await writeIpc(next, join(folder, "b"));
    await rename(join(folder, "b"), join(folder, "a"));
    expect(await compareFrames(old, read)).toBeNull();
    expect(await compareFrames(next, await readIpc(join(folder, "a")))).toBeNull();
  });

  test("that is not there is a NotFoundError", async () => {
    await expect(readIpc(join(await testFolder(), "none"))).rejects.toThrow(NotFoundError);
  });

  test.each(["", "ARROW1", "ARROW1ARROW1", "hello, this is text", "ARROW1\0\0 no arrow at all ARROW1"])(
    "that holds %j is corrupt",
    async (text) => {
      const path = join(await testFolder(), "a");
      await writeFile(path, text);
      await expect(readIpc(path, { storage: "temp", frame: "a" })).rejects.toThrow(CorruptDataError);
      await expect(readIpc(path, { storage: "temp", frame: "a" })).rejects.toMatchObject({
        storage: "temp",
        frame: "a",
      });
    },
  );

  test("that is cut short is corrupt, for a scan too", async () => {
    const path = join(await testFolder(), "a");
    await writeIpc(everyType().df, path);
    const bytes = await readFile(path);
    await writeFile(path, bytes.subarray(0, bytes.length - 9));
    await expect(readIpc(path)).rejects.toThrow(CorruptDataError);
    await expect(scanIpc(path)).rejects.toThrow(CorruptDataError);
  });

  test("can't hold a column without a name, and is not written then", async () => {
    const path = join(await testFolder(), "a");
    await expect(writeIpc(pl.DataFrame({ "": [1] }), path)).rejects.toThrow(FidelityError);
    await expect(readFile(path)).rejects.toThrow("ENOENT");
  });
});

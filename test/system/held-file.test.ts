import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { heightOf } from "../../src/frame/access.ts";
import { frame } from "../../src/frame/frame.ts";
import { readIpc, writeIpc } from "../../src/frame/ipc.ts";
import { holdFile } from "../../src/system/held-file.ts";

describe.runIf(process.platform === "linux")("a held file", () => {
  test("is read as it was, after another took its name and after it was removed", async () => {
    const folder = await mkdtemp(join(tmpdir(), "millrace-held-"));
    const path = join(folder, "file");
    await writeFile(path, "old");
    {
      await using held = await holdFile(path);
      await writeFile(join(folder, "next"), "new");
      await rename(join(folder, "next"), path);
      expect(await readFile(held.path, "utf8")).toBe("old");
      await rm(path);
      expect(await readFile(held.path, "utf8")).toBe("old");
    }
    await rm(folder, { recursive: true });
  });

  test("lets an Arrow file be read again and again while shorter and longer ones take its place", async () => {
    const folder = await mkdtemp(join(tmpdir(), "millrace-held-"));
    const path = join(folder, "frame.arrow");
    const sizes = [10, 20_000];
    const frames = sizes.map((rows) => frame({ text: Array.from({ length: rows }, (_, row) => `row ${row}`) }));
    let writing = true;
    const replace = async (turn: number) => {
      await writeIpc(frames[turn % 2] ?? frame({}), `${path}.next`);
      await rename(`${path}.next`, path);
    };
    await replace(0);
    const reader = (async () => {
      while (writing) expect(sizes).toContain(heightOf(await readIpc(path)));
    })();
    for (let turn = 1; turn < 100; turn += 1) await replace(turn);
    writing = false;
    await reader;
    await rm(folder, { recursive: true });
  });
});

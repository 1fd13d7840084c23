import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CsvStorage } from "../../../src/storages/csv/index.ts";
import { type Child, startChild } from "../../../src/system/child.ts";
import { freshContext } from "../place.ts";

const program = join(import.meta.dirname, "..", "saving-child.ts");

async function startSaver(root: string, rows: number, times: number, limit = ""): Promise<Child> {
  const command = `${limit} exec "${process.execPath}" "${program}" csv "${root}" ${rows} ${times}`;
  return startChild({ name: "saver", command: "/bin/sh", args: ["-c", command] });
}

async function firstSave(child: Child): Promise<void> {
  for await (const _ of child.stdout ?? []) return;
}

test("a save that is killed at any moment leaves the old frame or the new one, whole and with its own types", async () => {
  const { root, config, logger } = await freshContext();
  const source = new CsvStorage({ config, logger }).source();
  const seen = new Set<string>();
  for (const wait of [0, 3, 7, 13, 29, 51]) {
    const child = await startSaver(root, 20_000, 1_000);
    await firstSave(child);
    await new Promise((resolve) => setTimeout(resolve, wait));
    process.kill(child.pid, "SIGKILL");
    await child.exited;
    const frame = await source.getData("x");
    const [first] = frame.getColumn("v").toArray();
    const kind = String(first).slice(0, 1);
    seen.add(kind);
    expect(frame.height).toBe(20_000);
    expect(frame.getColumn("v").toArray().at(-1)).toBe(`${kind} 19999`);
    expect(frame.dtypes[0]?.variant).toBe(kind === "0" ? "Int32" : "Int64");
    expect((await source.describe("x")).key).toEqual([kind === "0" ? "id" : "v"]);
  }
}, 60_000);

test("a full disk is told as such, and the old frame stays", async () => {
  const { root, config, logger } = await freshContext();
  const source = new CsvStorage({ config, logger }).source();
  const good = await startSaver(root, 100, 1);
  expect(await good.exited).toEqual({ code: 0, signal: null });
  // 64 blocks of 512 or 1,024 bytes, and no signal at the limit.
  const full = await startSaver(root, 50_000, 1, "trap '' XFSZ; ulimit -f 64;");
  expect((await full.exited).code).toBe(1);
  expect(full.stderrTail()).toMatch(/DISK_FULL/);
  expect((await source.getData("x")).height).toBe(100);
  expect((await readdir(config.FS_DATA)).filter((name) => name.includes("staging"))).toEqual([]);
}, 60_000);

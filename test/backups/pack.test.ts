import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { packFolder, unpackFile } from "../../src/backups/pack.ts";
import { testFolder } from "../system/folder.ts";

const file = (bytes: number, unpacked: number) => ({ name: "data.csv.zst", bytes, unpacked, sha256: "" });

async function packed(content: Buffer) {
  const folder = await testFolder();
  await writeFile(join(folder, "data.csv"), content);
  await packFolder(folder);
  const path = join(folder, "data.csv.zst");
  return { folder, path, target: join(folder, "target"), bytes: (await stat(path)).size };
}

describe("the files of a backup", () => {
  it("are packed, also those in folders and those of no bytes, except for what is packed already", async () => {
    const folder = await testFolder();
    await mkdir(join(folder, "sub"));
    const files = { "data.csv": Buffer.alloc(3_000_000, "a,b\n"), empty: Buffer.alloc(0), "sub/x": randomBytes(5_000) };
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
    await writeFile(join(folder, "sub/data.csv.gz"), "as it is");
    const sizes = await packFolder(folder);
    expect(Object.fromEntries(sizes)).toEqual({ "data.csv.zst": 3_000_000, "empty.zst": 0, "sub/x.zst": 5_000 });
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(
      ["data.csv.zst", "empty.zst", "sub", "sub/data.csv.gz", "sub/x.zst"].sort(),
    );
    expect((await stat(join(folder, "data.csv.zst"))).size).toBeLessThan(3_000);
    for (const [name, bytes] of Object.entries(files)) {
      await unpackFile(join(folder, `${name}.zst`), join(folder, `${name}.out`), { ...file(0, bytes.length), name });
      expect(await readFile(join(folder, `${name}.out`))).toEqual(bytes);
    }
  });

  it("are refused when they unpack to more or less than was packed, or are cut short", async () => {
    const { path, target, bytes } = await packed(randomBytes(100_000));
    const corrupt = { code: "BACKUP_CORRUPT" };
    await expect(unpackFile(path, target, file(bytes, 99_999))).rejects.toMatchObject(corrupt);
    await expect(unpackFile(path, `${target}2`, file(bytes, 100_001))).rejects.toMatchObject(corrupt);
    await truncate(path, 50_000);
    await expect(unpackFile(path, `${target}3`, file(50_000, 100_000))).rejects.toMatchObject(corrupt);
    await writeFile(path, "no such format");
    await expect(unpackFile(path, `${target}4`, file(14, 100_000))).rejects.toMatchObject(corrupt);
  });

  it("that would fill a disk are refused before they do: a bomb of 10 kB that says 10 GB, and one that lies", async () => {
    const folder = await testFolder();
    const path = join(folder, "data.csv.zst");
    const zeros = zlib.createZstdCompress();
    const chunks: Buffer[] = [];
    zeros.on("data", (chunk: Buffer) => chunks.push(chunk));
    for (let at = 0; at < 256; at++) zeros.write(Buffer.alloc(1 << 20));
    zeros.end();
    await new Promise((done) => zeros.once("end", done));
    const bomb = Buffer.concat(chunks);
    await writeFile(path, bomb);
    const target = join(folder, "target");
    await expect(unpackFile(path, target, file(10_000, 10_000_000_000))).rejects.toThrow(/10000 bytes would unpack to/);
    await expect(stat(target)).rejects.toThrow();
    await expect(unpackFile(path, target, file(bomb.length, 1_000_000))).rejects.toThrow(/more than the 1000000 bytes/);
    expect((await stat(target)).size).toBeLessThanOrEqual(2_000_000);
  });
});

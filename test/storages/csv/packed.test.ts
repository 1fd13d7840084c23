import { gzipSync, constants as zlibConstants, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { readBothWays, withFiles } from "./files.ts";

const [first, second] = ["a,b\n1,2\n", "3,4\n"];
const rows = [
  [1, 2],
  [3, 4],
];

/** A frame of bytes that mean nothing to a decoder. */
function skippable(bytes: number): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(0x184d2a53);
  header.writeUInt32LE(bytes, 4);
  return Buffer.concat([header, Buffer.alloc(bytes, "x")]);
}

const frames = [zstdCompressSync(first), zstdCompressSync(second)] as const;
const checked = { params: { [zlibConstants.ZSTD_c_checksumFlag]: 1 } };

test.each([
  ["two frames", Buffer.concat(frames), "x.csv.zst"],
  ["frames with checksums", Buffer.concat([first, second].map((text) => zstdCompressSync(text, checked))), "x.csv.zst"],
  [
    "skippable frames around them",
    Buffer.concat([skippable(100_000), frames[0], skippable(0), frames[1], skippable(3)]),
    "x.csv.zst",
  ],
  ["an empty frame between", Buffer.concat([frames[0], zstdCompressSync(""), frames[1]]), "x.csv.zst"],
  ["two gzip members", Buffer.concat([gzipSync(first), gzipSync(second)]), "x.csv.gz"],
])("a packed file of %s is read to its end", async (_, content, name) => {
  expect((await readBothWays(content, {}, name)).rows).toEqual(rows);
});

test("many frames of many blocks are one text", async () => {
  const numbers = Array.from({ length: 200_000 }, (_, i) => `${i},${Math.imul(i, 0x9e3779b1) >>> 0}\n`);
  const parts = [0, 1, 2, 3].map((i) => numbers.slice(i * 50_000, (i + 1) * 50_000).join(""));
  const packed = ["a,b\n", ...parts, "\n".repeat(300_000)].map((part) => zstdCompressSync(part));
  const { source } = await withFiles({ "x.csv.zst": Buffer.concat(packed) });
  const frame = await source.getData("x.csv.zst");
  expect(frame.height).toBe(200_000);
  expect(frame.row(199_999)).toEqual([199_999, Math.imul(199_999, 0x9e3779b1) >>> 0]);
});

test.each([
  ["bytes that are no frame", Buffer.concat([...frames, Buffer.from("junk!")]), /no frame begins at byte \d+/],
  ["fewer bytes than any frame has", Buffer.concat([...frames, Buffer.from([0x28])]), /no frame begins at byte/],
  ["a frame that is cut short", Buffer.concat([frames[0], frames[1].subarray(0, -2)]), /ends within a frame/],
  ["a skippable frame that is cut short", Buffer.concat([frames[0], skippable(9).subarray(0, -1)]), /within a frame/],
])("a zstd file with %s behind its first frame is refused", async (_, content, message) => {
  const { source } = await withFiles({ "x.csv.zst": content });
  const read = source.getData("x.csv.zst");
  await expect(read).rejects.toMatchObject({ name: "CorruptDataError", frame: "x.csv.zst" });
  await expect(read).rejects.toThrow(message);
});

test("a zstd file of nothing, and one that is not packed, are refused", async () => {
  const { source } = await withFiles({ "a.csv.zst": "", "b.csv.zst": first });
  await expect(source.getData("a.csv.zst")).rejects.toMatchObject({ name: "CorruptDataError" });
  await expect(source.getData("b.csv.zst")).rejects.toMatchObject({ hint: expect.stringMatching(/isn't packed/) });
});

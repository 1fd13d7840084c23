import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { CsvReadOptions } from "../../../src/storages/csv/index.ts";
import { withFiles } from "./files.ts";

const many = "é,2\n".repeat(400_000);
const wide = (text: string) => Buffer.from(text, "utf16le");
const lone = Buffer.from([0x00, 0xd8]);
const latin = Buffer.from("caf\xe9,1\n", "latin1");

test.each<[string, Buffer, number, CsvReadOptions?, string?]>([
  ["bytes that are not UTF-8", Buffer.concat([Buffer.from("a,b\n1,2\n"), latin]), 3],
  ["bytes that are not UTF-8", Buffer.concat([Buffer.from(`a,b\n${many}`), latin, Buffer.from(many)]), 400_002],
  ["bytes that are not UTF-8", Buffer.from("a,b\r1,2\rcaf\xe9,1\r", "latin1"), 3],
  ["bytes that are not UTF-8", gzipSync(Buffer.concat([Buffer.from(`a,b\n${many}`), latin])), 400_002, {}, "x.csv.gz"],
  ["bytes that are not UTF-8: the file ends within", Buffer.concat([Buffer.from("a\n"), Buffer.from([0xc3])]), 2],
  ["a NUL byte", Buffer.from('a,b\n"1\n",2\n3,\0\n'), 4],
  ["a NUL byte", Buffer.from(`a,b\n${many}\0,1\n`), 400_002],
  ["a NUL character", wide(`\ufeffa,b\n1,2\n\0,3\n`), 3],
  ["bytes that are not utf-16le", Buffer.concat([wide(`\ufeffa,b\nਊ,ਊ\n${many}`), lone, wide(",3\n")]), 400_003],
  [
    "bytes that are not utf-16be",
    Buffer.concat([wide("a,b\nਊ,ਊ\n"), lone, wide(",3\n")]).swap16(),
    3,
    { encoding: "utf-16be" },
  ],
  ["a NUL character", Buffer.from("a\n1\n\0\n"), 3, { encoding: "windows-1252" }],
])("%s: the file is refused with the line (%#)", async (what, content, line, options = {}, name = "x.csv") => {
  const { source } = await withFiles({ [name]: content });
  const read = source.getData(name, options);
  await expect(read).rejects.toMatchObject({ name: "CorruptDataError", frame: name });
  await expect(read).rejects.toThrow(`line ${line} has ${what}`);
});

import { expect, test } from "vitest";
import { schemaOf } from "../../../src/frame/schema.ts";
import { chunkBytes } from "../../../src/storages/csv/csv-file.ts";
import { readBothWays, withFiles } from "./files.ts";

test("no sign of the text is lost where two chunks of a file meet", async () => {
  const tail = '"x""y",é\r\n#"\r\n\r\n"a\r\nb",2024-01-01\r\n';
  for (let cut = 0; cut <= Buffer.byteLength(tail); cut += 1) {
    const head = "a,b\r\n";
    const filler = `${"f".repeat(chunkBytes - head.length - 3 - cut)},\r\n`;
    const { rows } = await readBothWays(`${head}${filler}${tail}`, { comment: "#" });
    expect(rows.slice(1)).toEqual([
      ['x"y', "é"],
      ["a\r\nb", "2024-01-01"],
    ]);
    expect((rows[0] as string[])[0]?.length).toBe(filler.length - 3);
  }
});

test("a field of several chunks is one field", async () => {
  const long = `${'"\n,\r\n'.repeat(900_000)}é`;
  const { rows } = await readBothWays(`a,b\n1,x\n2,"${long.replaceAll('"', '""')}"\n3,y\n`);
  expect(rows.map(([a]) => a)).toEqual([1, 2, 3]);
  expect(rows[1]?.[1] === long).toBe(true);
});

test("among many long numbers, one that no float holds makes its column text, and no other", async () => {
  const numbers = Array.from({ length: 40_000 }, (_, i) => String(Math.sqrt(i + 2)));
  const lines = numbers.map((text, i) => `${text},${i === 39_000 ? "0.12345678901234567" : text}`);
  const { source } = await withFiles({ "x.csv": `good,bad\n${lines.join("\n")}\n` });
  const frame = await source.getData("x");
  expect(schemaOf(frame).fields.map(({ type }) => type)).toEqual(["float64", "string"]);
  expect(frame.getColumn("good").toArray().map(String)).toEqual(numbers);
  expect(frame.getColumn("bad").toArray()[39_000]).toBe("0.12345678901234567");
});

test("a quote that is never closed in a large file is told with its line", async () => {
  const { source } = await withFiles({ "x.csv": `a,b\n${"1,2\n".repeat(400_000)}3,"4\n${"1,2\n".repeat(2_000_000)}` });
  await expect(source.getData("x")).rejects.toThrow(/line 400002 has a quote that is never closed/);
});

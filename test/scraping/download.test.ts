import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { frame } from "../../src/frame/frame.ts";
import { records } from "../../src/frame/records.ts";
import { downloadSource } from "../../src/scraping/kinds/download-source.ts";
import { BatchSaver } from "./memory-saver.ts";
import { scraperOf, serve, temporaryFolder } from "./site.ts";

const schema = { day: "date", close: "float64?", volume: "int64" } as const;
const csv = "day,close,volume\n2026-01-02,1.5,100\n2026-01-05,,9007199254740993\n";
const rows = [
  { day: "2026-01-02", close: 1.5, volume: 100n },
  { day: "2026-01-05", close: null, volume: 9007199254740993n },
];

/** A zip archive of these files, some packed. */
function zip(files: Record<string, Buffer | string>, change: (directory: Buffer) => void = () => {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const plain = Buffer.from(content as string);
    const packed = deflateRawSync(plain);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(8, 8);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(crc32(plain), 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(plain.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    change(entry);
    parts.push(local, Buffer.from(name), packed);
    directory.push(entry, Buffer.from(name));
    offset += 30 + name.length + packed.length;
  }
  const length = directory.reduce((sum, part) => sum + part.length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

async function offered(body: Buffer | string, type = "application/octet-stream") {
  const { base } = await serve((_, response) =>
    response
      .writeHead(200, { "content-type": type, "content-disposition": 'attachment; filename="../../../etc/evil.csv"' })
      .end(body),
  );
  return `${base}/..%2f..%2fevil`;
}

const fetched = async (source: ReturnType<typeof downloadSource>) =>
  records(await scraperOf({ file: source }).scraper.fetchSource("file"));

describe("a download", () => {
  test("of a CSV file gives its rows exactly, and a value that is none of its column is refused", async () => {
    expect(await fetched(downloadSource({ start: await offered(csv, "text/csv"), format: "csv", schema }))).toEqual(
      rows,
    );
    const wrong = downloadSource({ start: await offered(csv.replace("100", "many")), format: "csv", schema });
    await expect(fetched(wrong)).rejects.toThrow(/volume/);
  });

  test("of a CSV file in a zip archive is unpacked by the name that is meant, and no name becomes a path", async () => {
    const body = zip({ "../../evil.csv": csv, "readme.md": "read me" });
    const { scraper, config } = scraperOf({
      file: downloadSource({ start: await offered(body), format: "csv", schema }),
    });
    const saver = new BatchSaver();
    expect(await scraper.scrapeData(saver)).toBe(true);
    expect(records(saver.kept.get("file") as never)).toEqual(rows);
    const files = readdirSync(config.FS_DATA, { recursive: true, encoding: "utf8" });
    expect(files.filter((name) => name.includes("evil"))).toEqual([]);
    expect(existsSync(join(config.FS_DATA, "../../evil.csv"))).toBe(false);
  });

  test("of an archive with several files wants to be told which one", async () => {
    const start = await offered(zip({ "a.csv": "x\n1\n", "b.csv": csv }));
    await expect(fetched(downloadSource({ start, format: "csv", schema }))).rejects.toThrow(
      "2 files in the archive of",
    );
    expect(await fetched(downloadSource({ start, format: "csv", schema, entry: "b.csv" }))).toEqual(rows);
  });

  test("of an archive that is damaged or too large is refused", async () => {
    const damaged = await offered(zip({ "a.csv": csv }, (entry) => entry.writeUInt32LE(1, 16)));
    await expect(fetched(downloadSource({ start: damaged, format: "csv", schema }))).rejects.toMatchObject({
      code: "DATA_CORRUPT",
    });
    const lying = await offered(zip({ "a.csv": Buffer.alloc(1 << 20, "x") }, (entry) => entry.writeUInt32LE(10, 24)));
    await expect(fetched(downloadSource({ start: lying, format: "csv", schema }))).rejects.toThrow(
      "longer than it says",
    );
    const bomb = await offered(zip({ "a.csv": Buffer.alloc(1 << 20, "x") }));
    await expect(fetched(downloadSource({ start: bomb, format: "csv", schema, maxUnpacked: 100_000 }))).rejects.toThrow(
      "unpacks to more than 100000 bytes",
    );
  });

  test("of a Parquet file gives its rows, as the columns of the schema", async () => {
    const path = join(temporaryFolder(), "x.parquet");
    const df = frame(rows, { day: "date", close: "float64?", volume: "int64" });
    await df.lazy().sinkParquet(path, {}).collect();
    const start = await offered(readFileSync(path));
    expect(await fetched(downloadSource({ start, format: "parquet", schema }))).toEqual(rows);
    expect(
      await fetched(downloadSource({ start, format: "parquet", schema: { volume: "int64", close: "float64?" } })),
    ).toEqual(rows.map(({ volume, close }) => ({ volume, close })));
    await expect(fetched(downloadSource({ start, format: "parquet", schema: { volume: "int32" } }))).rejects.toThrow(
      'The column "volume"',
    );
  });

  test("of a hostile Parquet file ends no process of ours", async () => {
    const start = await offered(
      Buffer.concat([
        Buffer.from("PAR1"),
        Buffer.alloc(1_000, 0xff),
        Buffer.from([0xe8, 3, 0, 0]),
        Buffer.from("PAR1"),
      ]),
    );
    await expect(fetched(downloadSource({ start, format: "parquet", schema }))).rejects.toMatchObject({
      code: "DATA_CORRUPT",
    });
  });

  test("that is a page is refused, and one that failed leaves no file", async () => {
    const { scraper, config } = scraperOf({
      file: downloadSource({ start: await offered("<p>log in</p>", "text/html"), format: "csv", schema }),
    });
    mkdirSync(config.FS_DATA, { recursive: true });
    expect(await scraper.scrapeData(new BatchSaver())).toBe(false);
    const files = readdirSync(config.FS_DATA, { recursive: true, encoding: "utf8" });
    expect(files.filter((name) => /download|staging|\.csv/.test(name))).toEqual([]);
  });

  test("is recorded and replayed", async () => {
    const { scraper } = scraperOf({ file: downloadSource({ start: await offered(csv), format: "csv", schema }) });
    const archive = join(temporaryFolder(), "a.warc.gz");
    await scraper.fetchSource("file", { record: archive });
    expect(records(await scraper.fetchSource("file", { replay: archive }))).toEqual(rows);
  });
});

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type DataFactory, type DataFrame, frame } from "millrace";

/** What has to be there before a block runs, as the page around it says. */
export interface Place {
  /** CSV files in FS_DATA, in place of the usual `prices.csv`. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Called before the block, with its folder as the working directory. */
  prepare?(factory: DataFactory): Promise<unknown>;
  /** Makes the block short: fewer repetitions, another address. */
  edit?(code: string): string;
  /** Called once the block has run to its end, for what it leaves at work. */
  finish?(): unknown;
}

const prices = `symbol,ticker,ts,date,side,close,price,volume
AAPL,AAPL,2024-03-29T14:30:00Z,2024-03-29,buy,189.5,189.5,10
MSFT,MSFT,2024-03-29T14:31:00Z,2024-03-29,sell,402.1,402.1,20
`;
export const usualFiles: Readonly<Record<string, string>> = { "prices.csv": prices };

/** Three rows, one a minute, as the pages' tables have them. */
export function minutes(): DataFrame {
  const times = ["2024-03-01T10:00:00Z", "2024-03-01T10:01:00Z", "2024-03-01T10:07:00Z"];
  return frame(
    times.map((ts, index) => ({ symbol: "AAPL", ts, close: 10.5 + index, price: 10.5 + index, volume: BigInt(index) })),
    { symbol: "string", ts: "datetime[us, UTC]", close: "float64", price: "float64", volume: "int64" },
  );
}

const saved = (type: string, ...names: string[]) => ({
  async prepare(factory: DataFactory) {
    for (const name of names) await factory.createDataSaver(type).saveData(minutes(), name);
  },
});

/** By a piece of the block's text. A block that none of them fits runs beside the usual files alone. */
const places: Readonly<Record<string, Place>> = {
  'getData("trades", {\n  from: "2024-03-01",\n  aggregate': saved("arctic", "trades"),
  'saver.snapshot("end of march")': {
    prepare: async (factory) => {
      for (let version = 0; version < 9; version += 1) await saved("arctic", "daily_prices").prepare(factory);
    },
    // All of these versions are younger than the page's.
    edit: (code) => code.replace('"2024-03-31T18:00Z"', "new Date()"),
  },
  'getData("closes", { from: "2024-03-27" })': {
    prepare: (factory) =>
      factory
        .createDataSaver("arctic")
        .saveData(frame({ day: ["2024-03-28"], close: [1] }, { day: "date", close: "float64" }), "closes"),
  },
  'backup.backupData("prices"); // [false': saved("postgres", "prices"),
  'restoreData(newest.location, "prices")': {
    async prepare(factory) {
      await saved("postgres", "prices").prepare(factory);
      await factory.createDataBackup("postgres").backupData("prices");
    },
  },
  'sources: ["processed_data"]': {
    prepare: (factory) =>
      factory
        .createDataSaver("arctic")
        .saveData(frame({ date: ["2024-03-28"], price: [1] }, { date: "date", price: "float64" }), "processed_data"),
  },
  'from: "csv:trades",\n    to: "postgres:trades"': {
    files: { "trades.csv": "id,price,updated_at\n1,1.5,2024-03-01T10:00:00Z\n2,2.5,2024-03-01T11:00:00Z\n" },
  },
  "calculationMemory(config)": saved("arctic", "prices"),
  'sources: ["prices"],\n});\nconsole.log(runs': {
    files: { ...usualFiles, "rates.csv": "day,rate\n2024-03-29,0.04\n" },
  },
  "prices.quarantine.retry": {
    async prepare(factory) {
      const { definePipeline, notNull } = await import("millrace");
      writeFileSync(join("data", "prices.csv"), "close,symbol\n,AAPL\n2,MSFT\n");
      const pipeline = definePipeline({
        name: "daily-prices",
        copy: { from: "csv:prices", to: "postgres:prices" },
        checks: { close: notNull() },
        onFail: "quarantine",
      });
      await pipeline.run({ factory, show: "none" });
    },
  },
  "diffStores(": {
    prepare: async (factory) =>
      factory.createDataSaver("arctic").saveData(await factory.createDataSource("csv").getData("prices"), "prices"),
  },
  'separator: ";", decimal: ","': {
    files: { "orders.csv": "name;paid\nM\u00fcller;1,5\n", "prices/a.csv": prices, "prices/b.csv": prices },
  },
  'getData("ledger"': { files: { "ledger.csv": "date;amount;paid\n31.03.2024;1.234,50;yes\n01.04.2024;NA;no\n" } },
  "const late: Price[]": {
    files: { "prices.csv": "ts,close,note\n2024-06-03T10:00:00Z,1.5,\n2024-05-03T10:00:00Z,2.5,early\n" },
  },
  'each(["emea", "apac"]': { files: {} },
  "trades.state.show()": saved("postgres", "trades"),
  "compareFrames(await": saved("postgres", "prices"),
  "scheduler.start(": {
    files: { ...usualFiles, "rates.csv": "day,rate\n2024-03-29,0.04\n" },
    finish: () => process.emit("SIGTERM"),
  },
  "shelf.restoreData": {
    prepare: (factory) => factory.createDataBackup("csv").backupData("prices.csv"),
  },
  'replay: "test/books.warc.gz"': {
    async prepare() {
      const { mkdirSync } = await import("node:fs");
      mkdirSync("test");
      writeFileSync(
        "test/books.warc.gz",
        gzipSync(archived("https://books.example.org/", '<table><tr class="book" data-isbn="1"></tr></table>')),
      );
    },
  },
  "killSaves(": {
    edit: (code) => code.replaceAll("kills: 100", "kills: 4"),
    async prepare() {
      const example = join(import.meta.dirname, "../../examples/own-storage/sqlite-storage.ts");
      const text = `import { SqliteStorage } from ${JSON.stringify(example)};\nexport const open = (path: string) => new SqliteStorage(path);\n`;
      writeFileSync("open-storage.ts", text);
    },
  },
};

export function placeOf(code: string): Place {
  return Object.entries(places).find(([piece]) => code.includes(piece))?.[1] ?? {};
}

/** One page as a record of a web archive. */
function archived(url: string, page: string): string {
  const http = `HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: ${page.length}\r\n\r\n${page}`;
  const head = [
    "WARC/1.1",
    "WARC-Type: response",
    `WARC-Target-URI: ${url}`,
    "WARC-Date: 2024-03-29T10:00:00Z",
    "WARC-Record-ID: <urn:uuid:7f9f2f0a-8f5b-4b5e-9a53-0a2f7f0d7a11>",
    "Content-Type: application/http;msgtype=response",
    `Content-Length: ${http.length}`,
  ];
  return `${head.join("\r\n")}\r\n\r\n${http}\r\n\r\n`;
}

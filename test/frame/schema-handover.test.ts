import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { SchemaError } from "../../src/errors.ts";
import { DataFactory } from "../../src/factory/data-factory.ts";
import { frameSchema } from "../../src/frame/frame-schema.ts";
import { rows } from "../../src/frame/rows.ts";
import { appFolder, silent } from "../config/app-folder.ts";

const prices = frameSchema({ ticker: "string", close: "float64", volume: "int64?" });

test("a declared schema reads a file, is kept to when saving, and types the rows of batches", async () => {
  await using folder = await appFolder();
  await writeFile(join(folder.path, "prices.csv"), "ticker,close,volume\n007,1,5\nB,2,\n");
  const config = parseConfig({ FS_DATA: folder.path, FS_TEMP: join(folder.path, "temp") });
  await using factory = new DataFactory({ config, logger: silent });
  const df = prices.check(await factory.createDataSource("csv").getData("prices", { schema: prices }));
  const expected = [
    { ticker: "007", close: 1, volume: 5n },
    { ticker: "B", close: 2, volume: null },
  ];
  expect(prices.records(df)).toEqual(expected);

  const saver = factory.createDataSaver("csv");
  await saver.saveData(df, "kept", { schema: prices });
  await expect(saver.saveData(df.drop("volume"), "kept", { schema: prices })).rejects.toThrow(SchemaError);

  let volume = 0n;
  for await (const row of rows(factory.createDataSource("csv").getBatches("kept", { batchRows: 1 }), prices)) {
    volume += row.volume ?? 0n;
  }
  expect(volume).toBe(5n);
});

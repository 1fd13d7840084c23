import { compareFrames, DataFactory, frame, getConfigLogger, records } from "millrace";

const stores = ["csv", "postgres", "arctic"] as const;

/** Saves one frame in three storages, reads all three back and fails if one value differs. */
export async function oneFrameThreeStores(factory: DataFactory): Promise<void> {
  const prices = await factory
    .createDataSource("csv")
    .getData("input_data.csv", { columns: ["symbol", "date", "price"] });
  const rows = records(prices).map((row) => ({ ...row, date: isoDate(String(row.date)) }));
  const data = frame(rows, { symbol: "string", date: "date", price: "float64" });

  for (const store of stores) {
    await factory.createDataSaver(store).saveWithBackup(data, "backup_copy", { key: ["symbol", "date"] });
  }
  for (const store of stores) {
    const copy = await factory.createDataSource(store).getData("backup_copy");
    const difference = await compareFrames(data, copy, { key: ["symbol", "date"] });
    if (difference) throw new Error(`The copy in ${store} differs. ${difference.message}`);
  }
}

/** `Jan 1 2000` as `2000-01-01`. */
function isoDate(text: string): string {
  return new Date(`${text} UTC`).toISOString().slice(0, 10);
}

if (import.meta.main) {
  const { config, logger } = await getConfigLogger("three_stores");
  await using factory = new DataFactory({ config, logger });
  await oneFrameThreeStores(factory);
}

import { DataFactory, getConfigLogger } from "millrace";

/** Brings the prices in FS_DATA/input_data.csv into ArcticDB. */
export async function csvToArctic(factory: DataFactory): Promise<void> {
  const data = await factory.createDataSource("csv").getData("input_data.csv");
  await factory.createDataSaver("arctic").saveData(data, "processed_data");
}

if (import.meta.main) {
  const { config, logger } = await getConfigLogger("csv_to_arctic");
  await using factory = new DataFactory({ config, logger });
  await csvToArctic(factory);
}

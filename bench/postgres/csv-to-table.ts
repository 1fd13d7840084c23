/** `node csv-to-table.ts <settings as JSON> <source> <table>`: one whole process, from a CSV file to a table, as a user writes it. */
import { DataFactory, getConfigLogger } from "millrace";

const [settings = "{}", source = "", table = ""] = process.argv.slice(2);
const { config, logger } = await getConfigLogger("bench", { ...JSON.parse(settings), LOG_LEVEL: "error" });
await using factory = new DataFactory({ config, logger });
await factory.createDataSaver("postgres").saveBatches(factory.createDataSource("csv").getBatches(source), table);

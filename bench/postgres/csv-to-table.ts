/** `node csv-to-table.ts <config as JSON> <source> <table>`: one whole process, from a CSV file to a table. */
import { parseConfig } from "../../src/config/load.ts";
import { CsvStorage } from "../../src/storages/csv/index.ts";
import { PostgresStorage } from "../../src/storages/postgres/index.ts";

const [config = "{}", source = "", table = ""] = process.argv.slice(2);
const context = { config: parseConfig(JSON.parse(config)), logger: { debug() {}, info() {}, warn() {}, error() {} } };
const postgres = new PostgresStorage(context);
await postgres.saver().saveBatches(new CsvStorage(context).source().getBatches(source), table);
await postgres.close();

/** Uses the project's database until it is ended: `node use.ts <settings as JSON>`. Says `ready` once it is connected. */
import { parseConfig } from "../../../../src/config/load.ts";
import { PostgresStorage } from "../../../../src/storages/postgres/index.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const storage = new PostgresStorage({ config: parseConfig(JSON.parse(process.argv[2] ?? "{}")), logger: silent });
await storage.source().query("SELECT 1 AS one");
process.stdout.write("ready\n");
process.stdin.resume();
process.stdin.on("end", async () => {
  await storage.close();
  process.exit(0);
});

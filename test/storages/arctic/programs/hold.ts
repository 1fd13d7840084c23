/** Saves a frame, says how many names there are, and stays until it is told `end` or killed. Arguments: config as JSON, name. */
import { createInterface } from "node:readline";
import { parseConfig } from "../../../../src/config/load.ts";
import { frame } from "../../../../src/frame/frame.ts";
import { ArcticStorage } from "../../../../src/storages/arctic/index.ts";

const [settings = "{}", name = ""] = process.argv.slice(2);
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const storage = new ArcticStorage({ config: parseConfig(JSON.parse(settings)), logger });
await storage.saver().saveData(frame({ id: [1, 2] }, { id: "int32" }), name);
console.log(JSON.stringify({ names: await storage.source().listSources(), helpers: await storage.helpers() }));
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "end") break;
}
await storage.close();
process.stdin.destroy();

/**
 * Saves numbers under one name, each in a frame of its own, and prints each once it is saved. Arguments: config as JSON, name, first, count,
 * mode.
 */
import { parseConfig } from "../../../../src/config/load.ts";
import { frame } from "../../../../src/frame/frame.ts";
import { ArcticStorage } from "../../../../src/storages/arctic/index.ts";

const [settings = "{}", name = "", first = "0", count = "0", mode = "append"] = process.argv.slice(2);
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const storage = new ArcticStorage({ config: parseConfig(JSON.parse(settings)), logger });
const saver = storage.saver();
for (let id = Number(first); id < Number(first) + Number(count); id += 1) {
  await saver.saveData(frame({ id: [id] }, { id: "int32" }), name, { mode: mode === "append" ? mode : "replace" });
  console.log(id);
}
await storage.close();

// A storage that writes into the file itself, in two steps, as one would without thinking of a kill in between.
import { open as openFile, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { frame, type IDataSaver, type IDataSource, type IStorage, records, schemaOf } from "../../../src/index.ts";

export function open(folder = ""): IStorage {
  const path = (name: string) => join(folder, `${name}.jsonl`);
  const source: IDataSource = {
    async getData(name) {
      const lines = (await readFile(path(name), "utf8")).trimEnd().split("\n");
      const [schema, ...rows] = lines.map((line) => JSON.parse(line));
      return frame(rows, schema);
    },
    listSources: async () => (await readdir(folder)).map((file) => file.slice(0, -".jsonl".length)),
    healthCheck: async () => true,
  };
  const saver: IDataSaver = {
    async saveData(data, name) {
      const rows = records(data).map((row) =>
        JSON.stringify(row, (_, value) => (typeof value === "bigint" ? Number(value) : value)),
      );
      const lines = [JSON.stringify(schemaOf(data)), ...rows];
      await using file = await openFile(path(name), "w");
      await file.writeFile(`${lines.slice(0, lines.length >> 1).join("\n")}\n`);
      await file.writeFile(`${lines.slice(lines.length >> 1).join("\n")}\n`);
      return true;
    },
    saveWithBackup: (data, name) => saver.saveData(data, name),
    healthCheck: async () => true,
  };
  const capabilities = {
    modes: ["replace" as const],
    readOptions: [],
    saveOptions: ["mode", "key"],
    keepsRowOrder: true,
    shared: false,
  };
  return { type: "careless", capabilities, source: () => source, saver: () => saver };
}

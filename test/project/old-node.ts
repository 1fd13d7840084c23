import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** A Node on this machine that is too old for millrace; `undefined` when there is none. */
export const oldNode = findOldNode();

function findOldNode(): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin", "/usr/local/bin"];
  return folders
    .map((folder) => join(folder, "node"))
    .filter((file) => existsSync(file))
    .find((file) => {
      const { stdout } = spawnSync(file, ["-p", "process.versions.node"], { encoding: "utf8" });
      return Number.parseInt(stdout, 10) < 24;
    });
}

import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import type { Config } from "../config/settings.ts";
import type { Diagnosis } from "../contracts/diagnose.ts";
import { cacheFolder, freeBytes, nearestExisting } from "../system/folders.ts";
import { sizeText } from "./output.ts";

const neededNode = 24;
/** The day before which no clock that runs this code can be right. */
const written = Date.UTC(2026, 10, 1);
const tight = 2e9;
const tooLittle = 1e8;

/** What needs no settings: Node and the clock. */
export function checkMachine(now = Date.now(), nodeVersion = process.versions.node): Diagnosis[] {
  const node: Diagnosis =
    Number.parseInt(nodeVersion, 10) >= neededNode
      ? { name: "Node", status: "ok", found: nodeVersion }
      : { name: "Node", status: "fail", found: nodeVersion, remedy: `Install Node ${neededNode} or newer.` };
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const time = `${new Date(now).toISOString()}, zone ${zone}`;
  const clock: Diagnosis =
    now >= written
      ? { name: "Clock", status: "ok", found: time }
      : {
          name: "Clock",
          status: "fail",
          found: `${time}, which is in the past`,
          remedy: "Set the clock, best by NTP.",
        };
  return [node, clock];
}

/** The folders: whether they can be written, how much room there is, and whether their clock agrees with this machine's. */
export async function checkPlaces(config: Config): Promise<Diagnosis[]> {
  const places = {
    FS_DATA: config.FS_DATA,
    FS_TEMP: config.FS_TEMP,
    FS_BACKUP: config.FS_BACKUP,
    cache: cacheFolder(),
  };
  const checked: Diagnosis[] = [];
  for (const [name, folder] of Object.entries(places))
    if (folder !== undefined) checked.push(await checkPlace(name, folder));
  return checked;
}

async function checkPlace(name: string, folder: string): Promise<Diagnosis> {
  const remedy =
    name === "cache" ? "Set XDG_CACHE_HOME to a folder that can be written." : `Set ${name} to another folder.`;
  try {
    const there = await nearestExisting(folder);
    const status = await stat(there);
    if (!status.isDirectory()) return { name, status: "fail", found: `${there} is no folder`, remedy };
    await access(there, constants.R_OK | constants.W_OK | constants.X_OK);
    const free = await freeBytes(folder);
    const found = `${folder}, ${sizeText(free)} free${there === folder ? "" : ", made on first use"}`;
    if (status.mtimeMs > Date.now() + 60_000) {
      return {
        name,
        status: "warn",
        found: `${folder} was changed in the future`,
        remedy: "Compare the clocks of this machine and of its file server.",
      };
    }
    if (free < tooLittle) return { name, status: "fail", found, remedy: `Free space there. ${remedy}` };
    if (free < tight) return { name, status: "warn", found, remedy: `Free space there. ${remedy}` };
    return { name, status: "ok", found };
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    return { name, status: "fail", found: `${folder} can't be written (${reason})`, remedy };
  }
}

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inspect } from "node:util";
import { DataFactory, getConfigLogger, MillraceError } from "millrace";
import { embeddedUrl } from "millrace/storages/postgres";
import { minutes, placeOf, usualFiles } from "./block-places.ts";

/**
 * Runs the blocks of `blocks.json` in the folder that is given, one after the other, each in a folder of its own and with its own
 * database and library. One embedded PostgreSQL and one ArcticDB worker serve all of them. It writes `results.json`: what went
 * wrong with each, or null.
 */
const [, , folder = ""] = process.argv;
const blocks: { at: string; file: string; code: string }[] = JSON.parse(
  readFileSync(join(folder, "blocks.json"), "utf8"),
);
const results: Record<string, string | null> = {};

const shared = {
  FS_DATA: join(folder, "shared"),
  FS_TEMP: join(folder, "temp"),
  DB_EMBEDDED: "always",
  LOG_LEVEL: "silent",
};
const { config, logger } = await getConfigLogger("documents", shared);
await using server = new DataFactory({ config, logger });
await server.createDataSaver("postgres").saveData(minutes(), "started");
const url = new URL((await embeddedUrl(config)) ?? "");

for (const [index, { at, file, code }] of blocks.entries()) {
  const place = placeOf(code);
  const here = join(folder, `place-${index}`);
  for (const [name, text] of Object.entries(place.files ?? usualFiles)) write(join(here, "data", name), text);
  mkdirSync(join(here, "data"), { recursive: true });
  const own = new URL(url);
  own.pathname = `/documents_${index}`;
  const env = {
    DATABASE_URL: own.href,
    ARCTIC_HOST: `lmdb://${join(folder, "arctic")}`,
    ARCTIC_LIBRARY: `documents_${index}`,
  };
  Object.assign(
    process.env,
    env,
    { FS_DATA: "./data", FS_TEMP: "./temp", LOG_LEVEL: "silent", SERVICE_PORT: "0" },
    place.env,
  );
  process.chdir(here);
  results[at] = await failureOf(async () => {
    const given = await getConfigLogger("documents");
    await using factory = new DataFactory(given);
    await place.prepare?.(factory);
    Object.assign(globalThis, given, { factory, data: minutes() });
    const program = join(here, file);
    writeFileSync(program, place.edit?.(code) ?? code);
    await import(program);
    await place.finish?.();
  });
}
process.chdir(folder);
write(join(folder, "results.json"), JSON.stringify(results));
await server.close();
for (const storage of server.storages) {
  if ("stopHelpers" in storage && typeof storage.stopHelpers === "function") await storage.stopHelpers({ force: true });
}
process.exit(0);

async function failureOf(work: () => Promise<void>): Promise<string | null> {
  process.exitCode = 0;
  try {
    await work();
    return process.exitCode === 0 ? null : `It ends with code ${process.exitCode}.`;
  } catch (error) {
    return error instanceof MillraceError ? `${inspect(error)} ${error.hint ?? ""}` : inspect(error);
  } finally {
    process.exitCode = 0;
  }
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

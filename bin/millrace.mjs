#!/usr/bin/env node
import { existsSync } from "node:fs";
import module from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder, environmentFor, findNode, runInPlace, SetupError } from "./node-24.mjs";

const main = new URL("../dist/cli/main.js", import.meta.url);

async function start() {
  if (!existsSync(main)) {
    throw new SetupError("millrace is not built here. Run `npm run build` in its folder, then try again.");
  }
  const node = findNode((line) => process.stderr.write(`${line}\n`));
  if (node === process.execPath) {
    // Compiled code is kept for the next start, which then takes about a fifth less.
    module.enableCompileCache(join(cacheFolder(), "compiled"));
    await import(main.href);
    return;
  }
  const self = fileURLToPath(import.meta.url);
  process.exitCode = await runInPlace(node, [self, ...process.argv.slice(2)], { env: environmentFor(node) });
}

start().catch((error) => {
  process.stderr.write(`${error instanceof SetupError ? `millrace: ${error.message}` : error.stack}\n`);
  process.exitCode = 1;
});

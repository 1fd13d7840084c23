import { createHash } from "node:crypto";
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { runInPlace, SetupError } from "../bin/node-24.mjs";

/** Whether dist/ was built from the sources as they are now. Reads them all: some 20 ms. */
export function isBuilt(root) {
  if (!existsSync(join(root, "dist", "index.js"))) return false;
  try {
    return readFileSync(stampFile(root), "utf8") === fingerprint(root);
  } catch {
    return false;
  }
}

/**
 * Builds dist/: ESM, types, and the files that are not TypeScript. It is built beside the old one and takes
 * its place at the end, so no half-built dist/ is ever seen.
 */
export async function build(root, node) {
  const before = fingerprint(root);
  const staging = join(root, `dist.${process.pid}`);
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  try {
    const project = join(root, "tsconfig.build.json");
    const code = await runInPlace(node, [tsc, "-p", project, "--outDir", staging], { cwd: root });
    if (code !== 0) throw new SetupError("The build failed; the lines above say where.");
    const bundled = await runInPlace(node, [join(root, "scripts", "bundle.mjs"), staging], { cwd: root });
    if (bundled !== 0) throw new SetupError("The build failed; the lines above say where.");
    for (const file of filesBelow(join(root, "src"))) {
      if (!file.endsWith(".ts")) cpSync(file, join(staging, relative(join(root, "src"), file)));
    }
    replaceFolder(join(root, "dist"), staging);
    writeFileSync(stampFile(root), before);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function replaceFolder(target, staging) {
  const old = `${target}.old`;
  rmSync(old, { recursive: true, force: true });
  if (existsSync(target)) renameSync(target, old);
  renameSync(staging, target);
  rmSync(old, { recursive: true, force: true });
}

function stampFile(root) {
  return join(root, "node_modules", ".millrace-build");
}

function fingerprint(root) {
  const hash = createHash("sha256");
  const configs = ["tsconfig.json", "tsconfig.build.json", "package-lock.json", "scripts/bundle.mjs"].map((name) =>
    join(root, name),
  );
  for (const file of [...configs, ...filesBelow(join(root, "src"))]) {
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update("\0");
  }
  return `${hash.digest("hex")}\n`;
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === "__pycache__" ? [] : filesBelow(path);
      return [path];
    })
    .sort();
}

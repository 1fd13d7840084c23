/**
 * `npm run release`: checks that the version may be published, and puts it into release/: the tarball, an SBOM of what comes with it
 * (CycloneDX) and checksums. Publishes nothing, unless `-- --publish` is given: then with provenance, which npm makes in CI only.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { releaseFaults } from "./release/rules.ts";

/** What the tarball may weigh. */
const limit = 1_000_000;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, "release");
const isPublished = process.argv.includes("--publish");
const isChecked = !process.argv.includes("--no-checks");
const { version, repository } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const faults = releaseFaults({
  ...{ version, repository },
  changes: readFileSync(join(root, "CHANGELOG.md"), "utf8"),
  uncommitted: output("git", "status", "--porcelain"),
  tags: output("git", "tag", "--list").split("\n"),
});
for (const fault of faults) console.log(`not yet: ${fault}`);
if (isPublished && faults.length > 0) process.exit(1);
if (isChecked) for (const task of ["check", "test"]) must("npm", "run", "--silent", task);

rmSync(out, { recursive: true, force: true });
mkdirSync(out);
const [{ filename }] = JSON.parse(output("npm", "pack", "--json", "--ignore-scripts", "--pack-destination", out));
const tarball = join(out, filename);
const { size } = statSync(tarball);
if (size > limit) fail(`The tarball has ${size} bytes; ${limit} are the limit.`);
const sbom = JSON.parse(output("npm", "sbom", "--omit=dev", "--sbom-format=cyclonedx"));
sbom.metadata.component.name = "millrace";
write(`millrace-${version}.cdx.json`, `${JSON.stringify(sbom, null, 2)}\n`);
const sums = [filename, `millrace-${version}.cdx.json`].map((name) => `${sha256(join(out, name))}  ${name}`);
write("SHA256SUMS", `${sums.join("\n")}\n`);
console.log(
  `release/ holds ${filename} (${size} bytes), its SBOM of ${sbom.components.length} packages, and SHA256SUMS.`,
);

if (isPublished) must("npm", "publish", tarball, "--provenance", "--access", "public");
else console.log(`Nothing is published. In CI: npm run release -- --publish, then git tag v${version}.`);

function output(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 1e8 });
  if (status !== 0) fail(`${command} ${args.join(" ")} failed: ${stderr}`);
  return stdout;
}

function must(command: string, ...args: string[]): void {
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) fail(`${command} ${args.join(" ")} failed.`);
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

function write(name: string, text: string): void {
  writeFileSync(join(out, name), text);
}

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

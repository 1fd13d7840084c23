import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { parseConfig } from "../../../src/config/load.ts";
import { findEnvironment, makeEnvironment, type Packages } from "../../../src/storages/arctic/environment.ts";
import { ArcticStorage } from "../../../src/storages/arctic/index.ts";
import { findPython } from "../../../src/storages/arctic/python.ts";
import { neededEnvironment } from "../../../src/storages/arctic/use-environment.ts";
import { run } from "../../../src/system/run.ts";
import { startProgram } from "../../system/program.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const install = new URL("programs/install.ts", import.meta.url);

let folder: string;
let packages: Packages;

/** A wheel made by hand stands for ArcticDB's 433 MB. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-environment-"));
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
  const wheel = join(folder, "tiny-1.0-py3-none-any.whl");
  const script = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
  info = 'tiny-1.0.dist-info'
  wheel.writestr('tiny.py', 'answer = 42')
  wheel.writestr(info + '/METADATA', 'Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n')
  wheel.writestr(info + '/WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
  wheel.writestr(info + '/RECORD', '')
`;
  await run("python3", ["-c", script, wheel]);
  packages = { version: "1.0", requirements: [wheel], probe: "import tiny; assert tiny.answer == 42", size: "1 KB" };
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** A folder that is the whole PATH, with links to what is named. */
async function onlyOnPath(links: Record<string, string> = {}): Promise<void> {
  const bin = join(folder, "bin");
  await mkdir(bin);
  for (const [name, target] of Object.entries(links)) await symlink(target, join(bin, name));
  vi.stubEnv("PATH", bin);
}

describe("the Python environment", () => {
  test("is made once when two processes need it at once, and says its size and its folder", async () => {
    const programs = [1, 2].map(() => startProgram(install, JSON.stringify(packages)));
    const said = await Promise.all(programs.map(async (program) => JSON.parse(await program.line())));
    expect(said[0].python).toBe(said[1].python);
    const logs = said.map(({ lines }) => lines.join("\n"));
    expect(logs.filter((text) => text.includes("Installing"))).toHaveLength(1);
    expect(logs.join()).toMatch(new RegExp(`1 KB.*${folder}/cache/millrace/arctic/1.0-py3`));
    expect((await run(said[0].python, ["-c", packages.probe])).code).toBe(0);
    expect(await findEnvironment(packages)).toEqual({ python: said[0].python, version: "1.0" });
  });

  test("that is half made, of other packages, or without its Python is made again", async () => {
    const { python } = await makeEnvironment(logger, packages);
    const root = join(python, "..", "..");
    for (const text of ["{", JSON.stringify({ requirements: ["other"] })]) {
      await writeFile(join(root, "ready.json"), text);
      expect(await findEnvironment(packages)).toBeNull();
    }
    for (const spoiled of [join(root, "ready.json"), python]) {
      await rm(spoiled);
      await writeFile(join(root, "leftover"), "");
      expect(await findEnvironment(packages)).toBeNull();
      await makeEnvironment(logger, packages);
      expect(existsSync(join(root, "leftover"))).toBe(false);
      expect(await findEnvironment(packages)).not.toBeNull();
    }
  });

  test("is not left half made when packages can't be fetched, and the error says what to set", async () => {
    vi.stubEnv("PIP_NO_INDEX", "1");
    vi.stubEnv("PIP_FIND_LINKS", "");
    const missing = { ...packages, requirements: ["a-package-that-is-nowhere==1.0"] };
    await expect(makeEnvironment(logger, missing)).rejects.toMatchObject({
      name: "UnavailableError",
      code: "DEPENDENCY_MISSING",
      message: expect.stringMatching(/a-package-that-is-nowhere/),
      hint: expect.stringMatching(/network.*ARCTIC_PYTHON/),
    });
    const left = await readdir(join(folder, "cache/millrace/arctic"));
    expect(left.filter((name) => !name.includes(".lock"))).toEqual([]);
  });

  test("whose folder can't be made is told with that folder", async () => {
    await writeFile(join(folder, "cache"), "a file");
    await expect(makeEnvironment(logger, packages)).rejects.toMatchObject({
      name: "UnavailableError",
      message: expect.stringContaining(join(folder, "cache")),
      hint: expect.stringMatching(/XDG_CACHE_HOME/),
    });
  });
});

describe("what is missing is told, with what to do", () => {
  const arctic = (settings = {}) =>
    new ArcticStorage({ config: parseConfig({ FS_DATA: join(folder, "data"), ...settings }), logger });

  test("without Python", async () => {
    await onlyOnPath();
    await expect(makeEnvironment(logger, packages)).rejects.toMatchObject({
      name: "UnavailableError",
      code: "DEPENDENCY_MISSING",
      message: expect.stringMatching(/Python 3\.9/),
      hint: expect.stringMatching(/apt install python3/),
    });
    expect(await arctic().source().healthCheck()).toBe(false);
    expect(await arctic().diagnose()).toMatchObject([{ name: "Python", status: "warn" }, { name: "ArcticDB" }]);
  });

  test("with a Python that can't make environments, and no uv", async () => {
    const python = join(folder, "python");
    await writeFile(python, "#!/bin/sh\necho 3 11 0 $0\n");
    await chmod(python, 0o755);
    await onlyOnPath({ python3: python, sh: "/bin/sh" });
    await expect(makeEnvironment(logger, packages)).rejects.toMatchObject({
      code: "DEPENDENCY_MISSING",
      hint: expect.stringMatching(/apt install python3\.11-venv/),
    });
  });

  test("with ARCTIC_INSTALL=never", async () => {
    await expect(neededEnvironment(parseConfig({ ARCTIC_INSTALL: "never" }), logger)).rejects.toMatchObject({
      code: "DEPENDENCY_MISSING",
      hint: expect.stringMatching(/ARCTIC_INSTALL=auto.*ARCTIC_PYTHON/),
    });
    expect(await arctic({ ARCTIC_INSTALL: "never" }).source().healthCheck()).toBe(false);
  });

  test("with an ARCTIC_PYTHON that has another client, or is none", async () => {
    const python = (await findPython())?.command;
    await expect(neededEnvironment(parseConfig({ ARCTIC_PYTHON: python }), logger)).rejects.toMatchObject({
      code: "DEPENDENCY_MISSING",
      message: expect.stringMatching(/arcticdb 6\.28\.2 is needed/),
      hint: expect.stringMatching(/-m pip install 'arcticdb==6\.28\.2'/),
    });
    await expect(neededEnvironment(parseConfig({ ARCTIC_PYTHON: "/nowhere" }), logger)).rejects.toMatchObject({
      name: "ConfigError",
    });
  });

  test("and until then nothing is installed: not to list, to look, or to check health", async () => {
    const storage = arctic();
    expect(await storage.source().listSources()).toEqual([]);
    await expect(storage.source().getData("nothing")).rejects.toMatchObject({ name: "NotFoundError" });
    expect(await storage.saver().healthCheck()).toBe(true);
    expect(await storage.diagnose()).toMatchObject([{ status: "ok" }, { found: expect.stringMatching(/433 MB/) }]);
    expect(await storage.helpers()).toEqual([]);
    await storage.close();
    expect(existsSync(join(folder, "cache"))).toBe(false);
  });
});

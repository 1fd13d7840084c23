import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { exchangeFile } from "../../src/frame/exchange.ts";
import { testFolder } from "./folder.ts";

/** More than any memory has, so the file goes to FS_TEMP. */
const huge = 2 ** 50;

describe("an exchange file", () => {
  test("stands in a folder of this user alone, and goes when it is disposed of", async () => {
    let path = "";
    {
      await using file = await exchangeFile({ FS_TEMP: await testFolder() }, 1_000);
      path = file.path;
      await writeFile(path, "x");
      for (const folder of [dirname(path), dirname(dirname(path))])
        expect((await stat(folder)).mode & 0o777).toBe(0o700);
    }
    expect(existsSync(path)).toBe(false);
  });

  test("goes to FS_TEMP when memory has no room for it", async () => {
    const FS_TEMP = await testFolder();
    await using file = await exchangeFile({ FS_TEMP }, huge);
    expect(file.path.startsWith(`${FS_TEMP}/.millrace-exchange/`)).toBe(true);
  });

  test("has a path of its own each time", async () => {
    const FS_TEMP = await testFolder();
    const files = await Promise.all(Array.from({ length: 20 }, () => exchangeFile({ FS_TEMP }, huge)));
    expect(new Set(files.map(({ path }) => path)).size).toBe(20);
    for (const file of files) await file[Symbol.asyncDispose]();
  });

  test("of a killed process is removed by the next one, and that of a living one stays", async () => {
    const FS_TEMP = await testFolder();
    const [dead, alive] = [await holder(FS_TEMP), await holder(FS_TEMP)];
    dead.child.kill("SIGKILL");
    await once(dead.child, "exit");
    expect(existsSync(dead.path)).toBe(true);
    const next = await holder(FS_TEMP);
    expect(existsSync(dead.path)).toBe(false);
    expect(existsSync(dirname(dead.path))).toBe(false);
    expect(existsSync(alive.path)).toBe(true);
    for (const { child } of [alive, next]) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  });

  test("leaves nothing when its process ends by itself", async () => {
    const FS_TEMP = await testFolder();
    const { child } = await holder(FS_TEMP);
    child.stdin.end();
    await once(child, "exit");
    expect(await readdir(`${FS_TEMP}/.millrace-exchange`)).toEqual([]);
  });
});

/** A process that holds an exchange file until its stdin ends. */
async function holder(FS_TEMP: string) {
  const module = new URL("../../src/frame/exchange.ts", import.meta.url).href;
  const program = `
    import { writeFileSync } from "node:fs";
    import { exchangeFile } from ${JSON.stringify(module)};
    const file = await exchangeFile({ FS_TEMP: process.argv[1] }, ${huge});
    writeFileSync(file.path, "x");
    console.log(file.path);
    process.stdin.on("end", () => process.exit()).resume();
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, FS_TEMP], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = await once(child.stdout, "data");
  return { child, path: String(line).trim() };
}

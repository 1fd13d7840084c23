import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { killSaves } from "../../src/testing/index.ts";
import { testFolder } from "../system/folder.ts";

const careless = new URL("programs/careless.ts", import.meta.url);
const sqlite = new URL("programs/sqlite.ts", import.meta.url);

describe("the crash kit", () => {
  it("finds a storage that loses the old frame, and names the step", async () => {
    const args = [await testFolder()];
    const killing = killSaves({ module: careless, args, kills: 4, saves: ["replace"], rows: 20, seed: 1 });
    await expect(killing).rejects.toThrow(
      /of 4 kills \(seed 1\) broke a rule:\nreplace, stopped (before|after) \w+ \d+: /,
    );
  });

  it("lets a user's own storage pass that SQLite keeps whole, and tells at how many steps it was killed", async () => {
    const args = [join(await testFolder(), "frames.db")];
    const report = await killSaves({ module: sqlite, args, kills: 2, saves: ["replace"], rows: 20 });
    expect(report.old + report.new).toBe(2);
  });

  it("finds what is left behind", async () => {
    const args = [join(await testFolder(), "frames.db")];
    const leftovers = async () => ["a file"];
    const killing = killSaves({ module: sqlite, args, kills: 1, saves: ["replace"], rows: 2, leftovers });
    await expect(killing).rejects.toThrow(/something was left behind/);
  });
});

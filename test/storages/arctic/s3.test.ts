import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { frame } from "../../../src/frame/frame.ts";
import { records } from "../../../src/frame/records.ts";
import { type OpenedArctic, openArctic } from "./open.ts";
import { type S3Server, startS3 } from "./s3.ts";

const rows = (count: number, first = 0) =>
  frame({ v: Float64Array.from({ length: count }, (_, row) => first + row) }, { v: "float64" });

async function heightAt(opened: OpenedArctic, name: string): Promise<number> {
  return (await opened.storage.source().getData(name)).height;
}

describe.concurrent("on a server that speaks S3", () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3();
  }, 120_000);
  afterAll(() => server[Symbol.asyncDispose]());

  test("frames are saved, read in part, added to, listed, backed up and deleted; another machine sees them", async () => {
    await using opened = await openArctic(server.settings);
    await using other = await openArctic({ ...server.settings, ARCTIC_IDLE: 0 });
    const { storage } = opened;
    expect(storage.capabilities.shared).toBe(true);
    expect(await storage.source().listSources()).toEqual([]);
    const days = frame({ d: ["2024-01-01", "2024-01-02"], v: [1, 2] }, { d: "date", v: "int8" });
    await storage.saver().saveData(days, "prices", { timeColumn: "d" });
    await storage
      .saver()
      .saveData(frame({ d: ["2024-01-03"], v: [3] }, { d: "date", v: "int8" }), "prices", { mode: "append" });
    expect(records(await other.storage.source().getData("prices", { from: "2024-01-02" }))).toEqual([
      { d: "2024-01-02", v: 2 },
      { d: "2024-01-03", v: 3 },
    ]);
    expect(await storage.source().listSources()).toEqual(["prices"]);
    const [, location = null] = await storage.backup().backupData("prices");
    expect(await storage.saver().deleteData("prices")).toBe(true);
    await expect(other.storage.source().getData("prices")).rejects.toMatchObject({ name: "NotFoundError" });
    await storage.backup().restoreData(location ?? "");
    expect(await heightAt(opened, "prices")).toBe(3);
    expect(await storage.saver().healthCheck()).toBe(true);
  }, 60_000);

  test("a bucket that is missing is told as that, in every call, and is not healthy", async () => {
    await using opened = await openArctic({ ...server.settings, ARCTIC_BUCKET: "nowhere" });
    const { storage } = opened;
    const missing = { name: "UnavailableError", hint: expect.stringMatching(/ARCTIC_BUCKET/) };
    await expect(storage.saver().saveData(rows(1), "a")).rejects.toMatchObject(missing);
    await expect(storage.source().getData("a")).rejects.toMatchObject(missing);
    await expect(storage.source().listSources()).rejects.toMatchObject(missing);
    expect(await storage.saver().healthCheck()).toBe(false);
  }, 60_000);

  test("keys that the server refuses are told as that, without the keys", async () => {
    await using server = await startS3();
    await using opened = await openArctic(server.settings);
    await opened.storage.saver().saveData(rows(3), "kept");
    await server.refuseKeys();
    for (const work of [
      () => opened.storage.saver().saveData(rows(1), "kept"),
      () => opened.storage.source().getData("kept"),
      () => opened.storage.source().listSources(),
    ]) {
      const refused = await work().catch((cause: unknown) => cause);
      expect(refused).toMatchObject({ name: "UnavailableError", code: "ACCESS_DENIED" });
      expect(`${refused} ${JSON.stringify(refused)}`).not.toMatch(/test-secret-key|test-access-key/);
    }
    expect(opened.lines.join("\n")).not.toMatch(/test-secret-key|test-access-key/);
    expect(await opened.storage.saver().healthCheck()).toBe(false);
  }, 60_000);

  test("a server that goes in the middle of a save leaves the last version, and the next save works", async () => {
    await using server = await startS3();
    await using opened = await openArctic(server.settings);
    const { storage } = opened;
    await storage.saver().saveData(rows(1_000_000), "kept");
    const under = server.requests(4);
    const save = storage.saver().saveData(rows(1_000_000, 5), "kept");
    const outcome = expect(save).rejects.toMatchObject({ name: "UnavailableError", retryable: true });
    await under;
    await server.vanish();
    expect(await storage.saver().healthCheck()).toBe(false);
    await outcome;
    await server.returns();
    const kept = await storage.source().getData("kept");
    expect(kept.height).toBe(1_000_000);
    expect(records(kept.head(1))).toEqual([{ v: 0 }]);
    await storage.saver().saveData(rows(2), "kept");
    expect(await heightAt(opened, "kept")).toBe(2);
  }, 120_000);
});

import { chmod, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { frame } from "../../../src/frame/frame.ts";
import { records } from "../../../src/frame/records.ts";
import { Connection, WorkerTimeout } from "../../../src/storages/arctic/connection.ts";
import { ArcticStorage, stopWorkers, workerStatus } from "../../../src/storages/arctic/index.ts";
import { protocolVersion, workerFolderPath } from "../../../src/storages/arctic/worker-place.ts";
import { startProgram } from "../../system/program.ts";
import { exchanged, isGone, type OpenedArctic, openArctic, openSockets, pidOf } from "./open.ts";

const hold = new URL("programs/hold.ts", import.meta.url);
const append = new URL("programs/append.ts", import.meta.url);
const rows = (count: number) => frame({ id: Array.from({ length: count }, (_, id) => id) }, { id: "int32" });

const settingsOf = ({ config }: OpenedArctic) =>
  JSON.stringify({ FS_DATA: config.FS_DATA, FS_TEMP: config.FS_TEMP, ARCTIC_IDLE: config.ARCTIC_IDLE });

/** Waits until so many requests were sent from now on. */
function requests(): (count: number) => Promise<void> {
  const spy = vi.spyOn(Connection.prototype, "request");
  const before = spy.mock.calls.length;
  return (count) =>
    vi.waitFor(() => expect(spy.mock.calls.length).toBeGreaterThanOrEqual(before + count), { timeout: 30_000 });
}

describe("the worker", () => {
  test("is shared by the processes of a project, and stays when one of them is killed", async () => {
    await using opened = await openArctic();
    const first = startProgram(hold, settingsOf(opened), "first");
    const second = startProgram(hold, settingsOf(opened), "second");
    const said = [JSON.parse(await first.line()), JSON.parse(await second.line())];
    expect(said.map(({ helpers }) => helpers[0].pid)).toEqual(Array(2).fill(await pidOf(opened)));
    expect(await opened.storage.helpers()).toMatchObject([{ name: "ArcticDB worker", users: 2 }]);
    await first.kill();
    await opened.storage.saver().saveData(rows(3), "third");
    expect(await opened.storage.source().listSources()).toEqual(["first", "second", "third"]);
    second.process.stdin?.write("end\n");
    expect(await second.ended).toBe(0);
  });

  test("ends some idle time after its last client, also when that was killed, and leaves no socket", async () => {
    await using opened = await openArctic({ ARCTIC_IDLE: 300 });
    const client = startProgram(hold, settingsOf(opened), "held");
    await client.line();
    const pid = await pidOf(opened);
    await client.kill();
    expect(await isGone(pid)).toBe(true);
    for (const socket of await openSockets(opened)) await expect(stat(socket)).rejects.toThrow("ENOENT");
    expect(await opened.storage.helpers()).toEqual([]);
    // The next call starts another.
    expect((await opened.storage.source().getData("held")).height).toBe(2);
    expect(await pidOf(opened)).not.toBe(pid);
  });

  test("needs no idle time to be of use", async () => {
    await using opened = await openArctic({ ARCTIC_IDLE: 0 });
    await opened.storage.saver().saveData(rows(2), "one");
    expect((await opened.storage.source().getData("one")).height).toBe(2);
    const pid = await pidOf(opened);
    await opened.storage.close();
    expect(await isGone(pid)).toBe(true);
  });

  test("that is killed gives an UnavailableError at once, loses nothing, and the next call gets another", async () => {
    await using opened = await openArctic();
    const { storage } = opened;
    await storage.saver().saveData(rows(1000), "kept");
    const pid = await pidOf(opened);
    process.kill(pid, "SIGSTOP");
    const sent = requests();
    const read = storage.source().getData("kept");
    const saved = storage.saver().saveData(rows(5), "kept");
    const outcome = Promise.allSettled([read, saved]);
    await sent(2);
    process.kill(pid, "SIGKILL");
    for (const result of await outcome) {
      expect(result).toMatchObject({
        status: "rejected",
        reason: { name: "UnavailableError", retryable: true, code: "STORAGE_UNAVAILABLE" },
      });
    }
    expect((await storage.source().getData("kept")).height).toBe(1000);
    expect(await pidOf(opened)).not.toBe(pid);
    expect(await exchanged(opened)).toEqual([]);
  });

  test("that hangs is ended after ARCTIC_TIMEOUT, and the next call gets another", async () => {
    await using opened = await openArctic();
    const { storage, config, logger } = opened;
    await storage.saver().saveData(rows(10), "kept");
    const pid = await pidOf(opened);
    const hasty = new ArcticStorage({ config: { ...config, ARCTIC_TIMEOUT: 500 }, logger }).source();
    await hasty.listSources().catch(() => {});
    process.kill(pid, "SIGSTOP");
    await expect(hasty.getData("kept")).rejects.toMatchObject({
      name: "UnavailableError",
      hint: expect.stringMatching(/ARCTIC_TIMEOUT/),
    });
    expect(await isGone(pid)).toBe(true);
    expect((await storage.source().getData("kept")).height).toBe(10);
  });

  test("that is too busy for a health check is not ended by it", async () => {
    await using opened = await openArctic();
    await opened.storage.saver().saveData(rows(10), "kept");
    const pid = await pidOf(opened);
    const asked = vi.spyOn(Connection.prototype, "request");
    process.kill(pid, "SIGSTOP");
    try {
      expect(await opened.storage.saver().healthCheck()).toBe(false);
      await expect(asked.mock.results.at(-1)?.value).rejects.toBeInstanceOf(WorkerTimeout);
    } finally {
      asked.mockRestore();
      process.kill(pid, "SIGCONT");
    }
    expect((await opened.storage.source().getData("kept")).height).toBe(10);
    expect(await pidOf(opened)).toBe(pid);
  });

  test("killed at any moment loses no acknowledged row, with four processes that append to one name", async () => {
    await using opened = await openArctic();
    await opened.storage.saver().saveData(rows(0), "shared");
    const writers = [0, 1, 2, 3].map((writer) =>
      startProgram(append, settingsOf(opened), "shared", String(writer * 1000), "12"),
    );
    const acknowledged: number[] = [];
    const ends = writers.map(async (writer) => {
      for (;;) {
        const line = await writer.line().catch(() => null);
        if (line === null) return;
        acknowledged.push(Number(line));
        if (acknowledged.length === 20) process.kill(await pidOf(opened), "SIGKILL");
      }
    });
    await Promise.all(ends);
    const found = records(await opened.storage.source().getData("shared")).map(({ id }) => Number(id));
    expect(acknowledged.length).toBeGreaterThanOrEqual(20);
    expect(found).toEqual(expect.arrayContaining(acknowledged));
    expect(new Set(found).size).toBe(found.length);
  });

  test("keeps every version that four processes save of one name", async () => {
    await using opened = await openArctic({ ARCTIC_KEEP_VERSIONS: 100 });
    const settings = JSON.stringify({ ...JSON.parse(settingsOf(opened)), ARCTIC_KEEP_VERSIONS: 100 });
    const writers = [0, 1, 2, 3].map((writer) =>
      startProgram(append, settings, "shared", String(writer * 1000), "6", "replace"),
    );
    const ends = writers.map(async (writer) => {
      const acknowledged: number[] = [];
      for (;;) {
        const line = await writer.line().catch(() => null);
        if (line === null) return acknowledged;
        acknowledged.push(Number(line));
      }
    });
    const acknowledged = (await Promise.all(ends)).flat();
    const source = opened.storage.source();
    const versions = await source.listVersions("shared");
    const found = await Promise.all(
      versions.map(async ({ version }) => records(await source.getData("shared", { asOf: version }))[0]?.id),
    );
    expect(acknowledged).toHaveLength(24);
    expect(found.map(Number).toSorted()).toEqual(acknowledged.toSorted());
  });

  test("is listed and stopped, but not while it is in use", async () => {
    await using opened = await openArctic();
    await opened.storage.saver().saveData(rows(1), "one");
    const pid = await pidOf(opened);
    expect((await workerStatus()).map((worker) => worker.pid)).toContain(pid);
    expect(await opened.storage.stopHelpers()).toEqual([]);
    await opened.storage.close();
    expect(await opened.storage.stopHelpers()).toMatchObject([{ pid, where: `${opened.config.FS_DATA}/arctic` }]);
    expect(await isGone(pid)).toBe(true);
    expect(await stopWorkers({ sockets: await openSockets(opened), force: true })).toEqual([]);
  });

  test("lives in a folder that only its user may enter, with its secrets in no process argument", async () => {
    await using opened = await openArctic();
    await opened.storage.saver().saveData(rows(1), "one");
    expect((await stat(workerFolderPath())).mode & 0o777).toBe(0o700);
    const pid = await pidOf(opened);
    if (process.platform === "linux") {
      expect(await readFile(`/proc/${pid}/cmdline`, "utf8")).not.toContain(opened.config.FS_DATA);
    }
  });

  test("answers no other user, even one who could enter its folder", async ({ skip }) => {
    if (process.platform !== "linux" || process.geteuid?.() !== 0) return skip("Only root can become another user.");
    const folder = await mkdtemp("/tmp/millrace-own-");
    const before = process.env.XDG_RUNTIME_DIR;
    process.env.XDG_RUNTIME_DIR = folder;
    try {
      await using opened = await openArctic();
      await opened.storage.saver().saveData(rows(1), "one");
      const [socket = ""] = await openSockets(opened);
      for (const path of [folder, dirname(socket), socket]) await chmod(path, 0o777);
      const answerTo = async (user: number) => {
        const program = startProgram(new URL("programs/greet.ts", import.meta.url), socket, String(user));
        return program.line();
      };
      expect(await answerTo(0)).toMatch(/error/);
      expect(await answerTo(65_533)).toBe("closed");
    } finally {
      if (before === undefined) delete process.env.XDG_RUNTIME_DIR;
      else process.env.XDG_RUNTIME_DIR = before;
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("the worker's protocol", () => {
  test("answers out of order, refuses what it does not know, and a second address", async () => {
    await using opened = await openArctic();
    await opened.storage.saver().saveData(rows(1), "one");
    const [socket = ""] = await openSockets(opened);
    const connection = await Connection.open(socket);
    if (!connection) throw new Error("Nothing listens.");
    const library = opened.config.ARCTIC_LIBRARY;
    await expect(connection.request("list", { library }, 5_000)).rejects.toMatchObject({ code: "bad_request" });
    const hello = { protocol: protocolVersion, uri: "lmdb:///elsewhere", idle: 60, where: "" };
    await expect(connection.request("hello", hello, 5_000)).rejects.toMatchObject({ code: "address" });
    await connection.request("hello", { ...hello, uri: `lmdb://${opened.config.FS_DATA}/arctic` }, 5_000);
    const answers = await Promise.all([
      connection.request("list", { library }, 5_000),
      connection.request("read", { library, symbol: "one" }, 5_000),
      connection.request("list", { library: "none" }, 5_000),
    ]);
    expect(answers).toMatchObject([{ symbols: ["one"] }, { rows: 1 }, { symbols: [] }]);
    await expect(connection.request("format_disk", { library }, 5_000)).rejects.toMatchObject({ code: "bad_request" });
    await expect(connection.request("take", { table: 99, library }, 5_000)).rejects.toMatchObject({
      code: "table_gone",
    });
    connection.close();
  });
});

describe("an abort", () => {
  test("ends a read or a save with the signal's reason, and undoes it", async () => {
    await using opened = await openArctic();
    const { storage } = opened;
    await storage.saver().saveData(rows(3), "kept");
    const pid = await pidOf(opened);
    for (const work of [
      (signal: AbortSignal) => storage.source().getData("kept", { signal }),
      (signal: AbortSignal) => storage.saver().saveData(rows(9), "kept", { signal }),
    ]) {
      process.kill(pid, "SIGSTOP");
      const controller = new AbortController();
      const sent = requests();
      const outcome = expect(work(controller.signal)).rejects.toBe("enough");
      await sent(1);
      controller.abort("enough");
      process.kill(pid, "SIGCONT");
      await outcome;
    }
    expect((await storage.source().getData("kept")).height).toBe(3);
  });
});

import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseConfig } from "../../../src/config/load.ts";
import type { Config } from "../../../src/config/settings.ts";
import { frame } from "../../../src/frame/frame.ts";
import { usesEmbedded } from "../../../src/storages/postgres/embedded/choice.ts";
import { readGuardian } from "../../../src/storages/postgres/embedded/guardian-state.ts";
import { joinEmbedded } from "../../../src/storages/postgres/embedded/join.ts";
import { embeddedPaths } from "../../../src/storages/postgres/embedded/paths.ts";
import { isAlive } from "../../../src/storages/postgres/embedded/postmaster.ts";
import { embeddedStatus, embeddedUrl, stopEmbedded } from "../../../src/storages/postgres/embedded/status.ts";
import { PostgresStorage } from "../../../src/storages/postgres/index.ts";
import { freshConfig, listeningLogger, removeServer } from "./open.ts";
import { startProgram } from "./programs/run.ts";

const rows = frame({ id: [1, 2, 3] }, { id: "int32" });

async function openServer(more: Record<string, unknown> = {}) {
  const { config, folder } = await freshConfig(more);
  onTestFinished(() => removeServer(config, folder));
  const { lines, logger } = listeningLogger();
  const storage = new PostgresStorage({ config, logger });
  onTestFinished(() => storage.close());
  return { config, folder, storage, lines, logger };
}

async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await done())) await sleep(20);
}

async function guardianOf(config: Config) {
  const state = await readGuardian(embeddedPaths(config));
  if (!state) throw new Error("No guardian runs.");
  return state;
}

describe("the embedded server", () => {
  test("is shared by the processes of a project, and outlives the kill of any of them", async () => {
    const { config, storage } = await openServer({ DB_IDLE: "60s" });
    const [first, second] = [startProgram("use", config), startProgram("use", config)];
    await Promise.all([first.said("ready"), second.said("ready"), storage.saver().saveData(rows, "kept")]);
    const before = await embeddedStatus(config);
    expect(before?.users).toBe(3);
    await first.kill();
    await until(async () => (await embeddedStatus(config))?.users === 2);
    expect((await embeddedStatus(config))?.pid).toBe(before?.pid);
    await second.end();
    await until(async () => (await embeddedStatus(config))?.users === 1);
    expect((await storage.source().getData("kept")).height).toBe(3);
  });

  test("ends some idle time after its last user, also when that was killed", async () => {
    const { config } = await openServer({ DB_IDLE: "300ms" });
    const user = startProgram("use", config);
    await user.said("ready");
    const { pid, server } = await guardianOf(config);
    await user.kill();
    await until(() => !isAlive(server.pid) && !isAlive(pid));
    expect(await embeddedStatus(config)).toBeNull();
    expect(existsSync(join(embeddedPaths(config).data, "postmaster.pid"))).toBe(false);
  });

  test("stays while another program is connected to it, and ends when that has gone", async () => {
    const { config } = await openServer({ DB_IDLE: "200ms" });
    const user = startProgram("use", config);
    await user.said("ready");
    const { server } = await guardianOf(config);
    const other = new pg.Client({ connectionString: (await embeddedUrl(config)) ?? "" });
    await other.connect();
    await user.end();
    // As long as several times the idle time.
    await other.query("SELECT pg_sleep(1)");
    await other.end();
    await until(() => !isAlive(server.pid));
  });

  test("goes on when its guardian is killed, and gets another one", async () => {
    const { config, storage } = await openServer({ DB_IDLE: "60s" });
    await storage.saver().saveData(rows, "kept");
    const { pid, server } = await guardianOf(config);
    process.kill(pid, "SIGKILL");
    await until(async () => (await readGuardian(embeddedPaths(config)))?.pid !== pid);
    await until(async () => (await embeddedStatus(config))?.users === 1);
    expect((await guardianOf(config)).server.pid).toBe(server.pid);
    expect((await storage.source().getData("kept")).height).toBe(3);
  });

  test("opens the data of a server that was killed", async () => {
    const { config, storage } = await openServer({ DB_IDLE: "60s" });
    await storage.saver().saveData(rows, "kept");
    const { server } = await guardianOf(config);
    process.kill(server.pid, "SIGKILL");
    await until(async () => ((await readGuardian(embeddedPaths(config)))?.server.pid ?? server.pid) !== server.pid);
    const again = new PostgresStorage({ config, logger: listeningLogger().logger });
    onTestFinished(() => again.close());
    expect((await again.source().getData("kept")).height).toBe(3);
  });

  test("is killed in the middle of a save: the old rows stay, and the next save works", async () => {
    const { config, storage } = await openServer({ DB_IDLE: "60s" });
    await storage.saver().saveData(rows, "kept");
    async function* batches() {
      yield rows;
      process.kill((await guardianOf(config)).server.pid, "SIGKILL");
      for (let n = 0; n < 300; n++) yield frame({ id: Array.from({ length: 2_000 }, () => n) }, { id: "int32" });
    }
    await expect(storage.saver().saveBatches(batches(), "kept")).rejects.toMatchObject({
      name: "UnavailableError",
      retryable: true,
    });
    await storage.saver().saveData(frame({ id: [4] }, { id: "int32" }), "kept", { mode: "append" });
    expect((await storage.source().getData("kept")).height).toBe(4);
  });

  test("is stopped by `stop` only when nobody uses it, or by force, and starts again on use", async () => {
    const { config, storage } = await openServer({ DB_IDLE: "60s" });
    await storage.saver().saveData(rows, "kept");
    expect(await storage.stopHelpers()).toEqual([]);
    expect(await storage.stopHelpers({ force: true })).toHaveLength(1);
    expect((await storage.source().getData("kept")).height).toBe(3);
    await storage.close();
    await until(async () => (await embeddedStatus(config))?.users === 0);
    expect(await storage.stopHelpers()).toHaveLength(1);
    expect(await storage.helpers()).toEqual([]);
  });

  test("is reached by other programs at its URL, whose password no log line holds", async () => {
    const { config, storage, lines } = await openServer();
    await storage.source().query("SELECT 1 AS one");
    const url = new URL((await embeddedUrl(config)) ?? "");
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    const { rows: found } = await client.query("SELECT current_user, current_database() AS db");
    await client.end();
    expect(found).toEqual([{ current_user: "postgres", db: config.DB_NAME }]);
    expect(lines.join("\n")).toContain(`127.0.0.1:${url.port}`);
    expect(lines.join("\n")).not.toContain(url.password);
    expect((await embeddedStatus(config))?.where).not.toContain(url.password);
    expect((await stat(embeddedPaths(config).access)).mode & 0o777).toBe(0o600);
  });

  test("finds its data again when the file with its password was lost", async () => {
    const { config, storage } = await openServer({ DB_IDLE: "60s" });
    await storage.saver().saveData(rows, "kept");
    await storage.close();
    await stopEmbedded(config, { force: true });
    await rm(embeddedPaths(config).access);
    expect((await storage.source().getData("kept")).height).toBe(3);
  });

  test("is not harmed by a start that was killed half way", async () => {
    const { config, storage } = await openServer();
    const { folder } = embeddedPaths(config);
    await mkdir(join(folder, "data.making"), { recursive: true });
    await writeFile(join(folder, "data.making", "PG_VERSION"), "18\n");
    await writeFile(join(folder, "guardian.json"), "{ broken");
    await storage.saver().saveData(rows, "kept");
    expect(await storage.source().listSources()).toEqual(["kept"]);
  });

  test("is not made by whoever looks for frames before there is one", async () => {
    const { config, storage } = await openServer();
    expect(await storage.source().listSources()).toEqual([]);
    await expect(storage.source().getData("kept")).rejects.toMatchObject({ name: "NotFoundError", frame: "kept" });
    expect(existsSync(embeddedPaths(config).folder)).toBe(false);
    await storage.saver().saveData(rows, "kept");
    expect(await storage.source().listSources()).toEqual(["kept"]);
  });

  test.runIf(process.geteuid?.() === 0)(
    "runs as nobody where root's folders may be entered, else in a namespace",
    async () => {
      for (const mode of [0o755, 0o700]) {
        const { config, folder, logger } = await openServer();
        await chmod(folder, mode);
        const membership = await joinEmbedded(config, logger);
        const { server } = await guardianOf(config);
        const status = await readFile(`/proc/${server.pid}/status`, "utf8").catch(() => "");
        const [, uid] = /^Uid:\s+(\d+)/m.exec(status) ?? [];
        if (status !== "") expect(Number(uid)).toBe(mode === 0o755 ? 65534 : 0);
        expect((await stat(embeddedPaths(config).data)).mode & 0o777).toBe(0o700);
        membership.leave();
      }
    },
  );
});

describe("DB_EMBEDDED=auto", () => {
  async function autoConfig(): Promise<Config> {
    const folder = await mkdtemp(join(tmpdir(), "millrace-auto-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const door = createServer();
    await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
    const { port } = door.address() as { port: number };
    await new Promise((resolve) => door.close(resolve));
    return parseConfig({ FS_DATA: folder, DB_EMBEDDED: "auto", DB_SERVER: "127.0.0.1", DB_PORT: port });
  }

  async function listenAt(port: number): Promise<() => Promise<void>> {
    const door = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => door.listen(port, "127.0.0.1", resolve));
    return async () => void (await new Promise((resolve) => door.close(resolve)));
  }

  test("keeps to the embedded server once it was chosen, when another one is started later", async () => {
    const config = await autoConfig();
    expect(await usesEmbedded(config)).toBe(true);
    const close = await listenAt(config.DB_PORT);
    expect(await usesEmbedded(config)).toBe(true);
    await close();
  });

  test("keeps to another server once it was chosen, when that one is down later", async () => {
    const config = await autoConfig();
    const close = await listenAt(config.DB_PORT);
    expect(await usesEmbedded(config)).toBe(false);
    await close();
    expect(await usesEmbedded(config)).toBe(false);
  });
});

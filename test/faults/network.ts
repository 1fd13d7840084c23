import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../src/config/load.ts";
import type { IStorage } from "../../src/contracts/storage.ts";
import { MillraceError } from "../../src/errors.ts";
import { ArcticStorage } from "../../src/storages/arctic/index.ts";
import { PostgresStorage } from "../../src/storages/postgres/index.ts";
import { prices } from "../../src/testing/samples.ts";
import { startS3 } from "../storages/arctic/s3.ts";
import { findPrograms, TestServer } from "../storages/postgres/server.ts";
import { codeOf } from "./conditions.ts";
import { Line } from "./line.ts";
import { count, type Faulted, rows, standing } from "./saving.ts";

/** A storage on a server that is reached over a line. */
interface Remote extends AsyncDisposable {
  readonly line: Line;
  readonly storage: IStorage;
}

export type RemoteType = "postgres" | "arctic";
const logger = { debug() {}, info() {}, warn() {}, error() {} };

const remotes: Record<RemoteType, () => Promise<Remote>> = {
  async postgres() {
    const [programs] = findPrograms();
    assert(programs, "there is no PostgreSQL");
    const server = await TestServer.start(programs);
    const line = await Line.to(server.port);
    const storage = new PostgresStorage({ config: server.config({ DB_PORT: line.port, LOCK_TIMEOUT: "5s" }), logger });
    return disposing({ line, storage }, () => server.stop());
  },
  async arctic() {
    const server = await startS3();
    const line = await Line.to(Number(String(server.settings.ARCTIC_HOST).split(":")[1]));
    const folder = await mkdtemp(join(tmpdir(), "millrace-line-"));
    const places = { FS_DATA: join(folder, "data"), FS_TEMP: join(folder, "temp"), ARCTIC_IDLE: 0 };
    const config = parseConfig({ ...places, ...server.settings, ARCTIC_HOST: `127.0.0.1:${line.port}` });
    const storage = new ArcticStorage({ config, logger });
    return disposing({ line, storage }, async () => {
      await storage.stopHelpers({ force: true });
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    });
  },
};

function disposing(remote: Pick<Remote, "line" | "storage">, after: () => Promise<void>): Remote {
  return {
    ...remote,
    async [Symbol.asyncDispose]() {
      await remote.storage.close?.();
      await remote.line[Symbol.asyncDispose]();
      await after();
    },
  };
}

/** Bytes over the line until a save is done, about. */
const aSave = 60_000;

/** The first read may still meet a connection that was lost. */
async function standingAfterwards(storage: IStorage): Promise<number> {
  return standing(storage).catch((cause: unknown) => {
    if (!(cause instanceof MillraceError && cause.retryable)) throw cause;
    return standing(storage);
  });
}

/** A line that is cut during a save: it is done or told, and the old frame or the new one stands there. */
export async function networkCut(type: RemoteType, tries: number): Promise<Faulted> {
  await using remote = await remotes[type]();
  const { line, storage } = remote;
  const saver = storage.saver?.();
  assert(saver);
  const failures: string[] = [];
  const seen: string[] = [];
  for (let number = 0; number < tries; number++) {
    await saver.saveData(prices(rows + 1, 1), "x", { key: ["id"] });
    void line.failAfter(Math.round((aSave * (number + 1)) / (tries + 1)), "cut");
    const outcome = await saver.saveData(prices(rows + 2, 2), "x", { key: ["id"] }).then(() => "saved", codeOf);
    line.mend();
    seen.push(outcome);
    if (!/^(saved|STORAGE_UNAVAILABLE|OUTCOME_UNKNOWN)$/.test(outcome)) failures.push(outcome);
    await standingAfterwards(storage).then(
      (stands) => outcome !== "saved" || assert.equal(stands, 2),
      (cause) => failures.push(String(cause)),
    );
  }
  return { tries, failures, found: count(seen) };
}

/** A connection that both ends take for open while nothing comes through: it is not healthy, and a read ends at its signal. */
export async function halfOpen(type: RemoteType, tries: number): Promise<Faulted> {
  await using remote = await remotes[type]();
  const { line, storage } = remote;
  await storage.saver?.().saveData(prices(rows + 1, 1), "x", { key: ["id"] });
  const failures: string[] = [];
  for (let number = 0; number < tries; number++) {
    const controller = new AbortController();
    const down = line.failAfter(1 + number * 500, "silent");
    const read = storage.source?.().getData("x", { signal: controller.signal });
    const outcome = read?.then(
      () => "read",
      (cause: unknown) => (cause === "enough" ? "aborted" : `wrong: ${String(cause)}`),
    );
    await Promise.race([down, outcome]);
    if ((await storage.saver?.().healthCheck()) !== false) failures.push("it is taken for healthy");
    controller.abort("enough");
    const came = await outcome;
    if (came !== "aborted" && came !== "read") failures.push(`${came}`);
    line.mend();
    await standingAfterwards(storage).catch((cause) => failures.push(`afterwards: ${String(cause)}`));
  }
  return { tries, failures, found: `${tries} times not healthy, and the read ended at once` };
}

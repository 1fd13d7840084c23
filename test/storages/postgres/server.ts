import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";
import { parseConfig } from "../../../src/config/load.ts";
import type { Config } from "../../../src/config/settings.ts";
import { asAccount, findAccount, serverEnv } from "../../../src/storages/postgres/embedded/account.ts";
import { findBinaries, locateBinaries } from "../../../src/storages/postgres/embedded/binaries.ts";
import { run } from "../../../src/system/run.ts";

/** The programs of one version of PostgreSQL. */
export interface Programs {
  readonly title: string;
  readonly postgres: string;
  readonly initdb: string;
}

/** Those of this machine, where there are any, and those that come with the project. */
export function findPrograms(): Programs[] {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root) : [];
  const own = versions.map((version) => {
    const folder = join(root, version, "bin");
    return {
      title: `PostgreSQL ${version} of this machine`,
      postgres: join(folder, "postgres"),
      initdb: join(folder, "initdb"),
    };
  });
  const packaged = locateBinaries();
  const coming = packaged ? [{ ...packaged, title: `PostgreSQL ${packaged.version} of the package` }] : [];
  return [...own.filter(({ postgres, initdb }) => existsSync(postgres) && existsSync(initdb)), ...coming];
}

const password = "only for tests";

/** A private server of a test file's own, reached as any server is. Stop it. */
export class TestServer {
  readonly folder: string;
  readonly port: number;
  readonly #start: () => ChildProcess;
  #process: ChildProcess | undefined;
  #client: pg.Client | undefined;

  private constructor(folder: string, port: number, start: () => ChildProcess) {
    this.folder = folder;
    this.port = port;
    this.#start = start;
  }

  /** @param files are put into the data folder before the start. */
  static async start(programs: Programs, settings: Record<string, string> = {}, files: Record<string, string> = {}) {
    // Makes the links to libraries that the package's programs need.
    await findBinaries();
    const folder = await mkdtemp(join(tmpdir(), "millrace-server-"));
    await chmod(folder, 0o755);
    const account = await findAccount(programs.postgres, folder);
    const data = join(folder, "data");
    const passwordFile = join(folder, "password");
    await mkdir(data, { mode: 0o700 });
    await writeFile(passwordFile, password);
    const owner =
      account.owner ?? (account.uid === undefined ? undefined : { uid: account.uid, gid: account.gid ?? account.uid });
    const give = async (path: string) => owner && chown(path, owner.uid, owner.gid);
    for (const path of [data, passwordFile]) await give(path);
    const init = asAccount(account, programs.initdb, [
      ...["-D", data, "-U", "postgres", "-A", "scram-sha-256", `--pwfile=${passwordFile}`, "-N"],
      ...["--encoding=UTF8", "--locale=C"],
    ]);
    const made = await run(init.command, init.args, { ...init.as, cwd: "/", env: serverEnv(), timeoutMs: 120_000 });
    if (made.code !== 0) throw new Error(made.stderr);
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(data, name), content, { mode: 0o600 });
      await give(join(data, name));
    }
    const port = await freePort();
    const all = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      port: String(port),
      fsync: "off",
      ...settings,
    };
    const { command, args, as } = asAccount(account, programs.postgres, [
      ...["-D", data],
      ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ]);
    const server = new TestServer(folder, port, () => {
      return spawn(command, args, { ...as, cwd: "/", env: serverEnv(), stdio: ["ignore", "ignore", "pipe"] });
    });
    await server.#begin();
    return server;
  }

  /** Settings that name it, for a storage whose files lie in its folder. */
  config(more: Record<string, unknown> = {}): Config {
    return parseConfig({
      ...{ FS_DATA: join(this.folder, "files"), FS_TEMP: join(this.folder, "temp"), DB_EMBEDDED: "never" },
      ...{
        DB_SERVER: "127.0.0.1",
        DB_PORT: this.port,
        DB_USER: "postgres",
        DB_PASSWORD: password,
        DB_NAME: "postgres",
      },
      ...more,
    });
  }

  /** Runs a statement as another program would. */
  async sql<Row extends pg.QueryResultRow = pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]> {
    this.#client ??= await this.connect();
    return (await this.#client.query<Row>(text, values)).rows;
  }

  async connect(): Promise<pg.Client> {
    const { DB_SERVER: host, DB_PORT: port, DB_USER: user } = this.config();
    const client = new pg.Client({ host, port, user, password, database: "postgres", application_name: "another" });
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  /** Ends it at once, as a crash would, and starts it again. */
  async restart(): Promise<void> {
    await this.#end();
    await this.#begin();
  }

  async stop(): Promise<void> {
    await this.#end();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #begin(): Promise<void> {
    const child = this.#start();
    this.#process = child;
    const lines = createInterface({ input: child.stderr as NonNullable<typeof child.stderr> });
    const seen: string[] = [];
    const ready = new Promise<void>((resolve, reject) => {
      lines.on("line", (line) => {
        seen.push(line);
        if (line.includes("ready to accept connections")) resolve();
      });
      child.once("exit", () => reject(new Error(seen.join("\n"))));
    });
    await ready;
  }

  async #end(): Promise<void> {
    const child = this.#process;
    await this.#client?.end().catch(() => {});
    this.#client = undefined;
    this.#process = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGQUIT");
    await ended;
  }
}

async function freePort(): Promise<number> {
  const door = createServer();
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  const { port } = door.address() as { port: number };
  await new Promise((resolve) => door.close(resolve));
  return port;
}

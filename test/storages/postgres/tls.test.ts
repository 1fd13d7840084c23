import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { frame } from "../../../src/frame/frame.ts";
import { records } from "../../../src/frame/records.ts";
import { PostgresStorage } from "../../../src/storages/postgres/index.ts";
import { selfSigned } from "./certificate.ts";
import { listeningLogger } from "./open.ts";
import { findPrograms, TestServer } from "./server.ts";

const own = selfSigned();
let server: TestServer;
let authority: string;

beforeAll(async () => {
  const [programs] = findPrograms();
  if (!programs) throw new Error("There are no programs of PostgreSQL.");
  const settings = { ssl: "on", ssl_cert_file: "own.crt", ssl_key_file: "own.key" };
  server = await TestServer.start(programs, settings, { "own.crt": own.certificate, "own.key": own.key });
  authority = join(server.folder, "authority.pem");
  await writeFile(authority, own.certificate);
});
afterAll(() => server.stop());

/** Whether the connection is encrypted. */
async function ask(more: Record<string, unknown>): Promise<unknown> {
  const storage = new PostgresStorage({ config: server.config(more), logger: listeningLogger().logger });
  onTestFinished(() => storage.close());
  const found = await storage.source().query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
  return records(found)[0]?.ssl;
}

test("off sends in the clear, require encrypts whatever the certificate says", async () => {
  expect(await ask({ DB_TLS: "off" })).toBe(false);
  expect(await ask({ DB_TLS: "require" })).toBe(true);
  expect(await ask({ DB_SSL: "require" })).toBe(true);
});

test("rows whose room is used again and again arrive as they were over TLS, both ways", async () => {
  const storage = new PostgresStorage({
    config: server.config({ DB_TLS: "require" }),
    logger: listeningLogger().logger,
  });
  onTestFinished(() => storage.close());
  const rows = Array.from({ length: 200_000 }, (_, id) => id);
  const large = rows.map((id) => (id === 100_000 ? "x".repeat(5_000_000) : null));
  const columns = { id: rows, text: rows.map(String), large };
  const data = frame(columns, { id: "int32", text: "string", large: "string?" });
  await storage.saver().saveData(data, "over_tls", { key: ["id"] });
  const read = await storage.source().getData("over_tls");
  expect(read.frameEqual(data, true)).toBe(true);
});

test("verify takes a server that DB_CA vouches for, by its name", async () => {
  expect(await ask({ DB_SSL: "verify-full", DB_CA: authority, DB_SERVER: "localhost" })).toBe(true);
});

test("verify refuses a certificate of an unknown authority, and one of another host", async () => {
  const refused = { name: "UnavailableError", code: "ACCESS_DENIED", hint: expect.stringContaining("DB_CA") };
  await expect(ask({ DB_TLS: "verify", DB_SERVER: "localhost" })).rejects.toMatchObject(refused);
  await expect(ask({ DB_TLS: "verify", DB_CA: authority, DB_SERVER: "127.0.0.1" })).rejects.toMatchObject({
    ...refused,
    message: expect.stringContaining("127.0.0.1"),
  });
});

test("a server without TLS is refused when TLS is asked for", async () => {
  const plain = createServer((socket) => socket.once("data", () => socket.end("N")));
  await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void plain.close());
  const { port } = plain.address() as { port: number };
  await expect(ask({ DB_TLS: "require", DB_PORT: port })).rejects.toMatchObject({
    code: "ACCESS_DENIED",
    hint: expect.stringContaining("DB_TLS"),
  });
});

test("a DB_CA that is no file is told", async () => {
  await expect(ask({ DB_TLS: "verify", DB_CA: "/nowhere.pem" })).rejects.toMatchObject({ name: "ConfigError" });
});

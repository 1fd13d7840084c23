import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { tableFromIPC } from "apache-arrow";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { frame } from "../../../src/frame/frame.ts";
import { writeIpc } from "../../../src/frame/ipc.ts";
import { Connection } from "../../../src/storages/arctic/connection.ts";
import { protocolVersion } from "../../../src/storages/arctic/worker-place.ts";
import { type OpenedArctic, openArctic, openSockets, pidOf } from "./open.ts";

/** The worker alone, spoken to as docs/arctic.md says, without any of the client's code but the socket. */
let opened: OpenedArctic;
let worker: Connection;

async function connect(): Promise<Connection> {
  const [socket = ""] = await openSockets(opened);
  const connection = await Connection.open(socket);
  if (!connection) throw new Error("Nothing listens.");
  const uri = `lmdb://${opened.config.FS_DATA}/arctic`;
  await connection.request("hello", { protocol: protocolVersion, uri, idle: 60, where: "a test" }, 5_000);
  return connection;
}

const ask = (op: string, fields: object = {}, connection = worker) =>
  connection.request(op, { library: opened.config.ARCTIC_LIBRARY, ...fields }, 20_000);

beforeAll(async () => {
  opened = await openArctic();
  await opened.storage.saver().saveData(frame({ v: [1, 2, 3] }, { v: "int64" }), "one");
  worker = await connect();
});
afterAll(async () => {
  worker.close();
  await opened[Symbol.asyncDispose]();
});

async function fileOf(count: number): Promise<string> {
  const path = join(opened.folder, `rows-${count}.arrow`);
  const times = Float64Array.from({ length: count }, (_, row) => row);
  await writeIpc(frame({ v: times }, { v: "float64" }), path);
  return path;
}

const write = { mode: "replace", index: false, compact: false, metadata: "{}", drop: [] };

describe("the worker", () => {
  test("refuses another version of the protocol", async () => {
    const [socket = ""] = await openSockets(opened);
    const connection = await Connection.open(socket);
    const old = { protocol: protocolVersion - 1, uri: "lmdb:///x", idle: 1, where: "" };
    await expect(connection?.request("hello", old, 5_000)).rejects.toMatchObject({ code: "address" });
    connection?.close();
  });

  test("gives a small table in the answer, and a large one in files, whole or in parts, until it is let go", async () => {
    const small = await ask("read", { symbol: "one" });
    expect(small).toMatchObject({ rows: 3, columns: [{ name: "v", type: "int64" }] });
    expect(tableFromIPC(Buffer.from(String(small.data), "base64")).numRows).toBe(3);
    await ask("write", { symbol: "large", path: await fileOf(200_000), ...write });
    let table = 0;
    const fields = { library: opened.config.ARCTIC_LIBRARY, symbol: "large" };
    const large = await worker.request("read", fields, 20_000, (id) => {
      table = id;
    });
    expect(large.data).toBeUndefined();
    const path = join(opened.folder, "taken.arrow");
    const rowsIn = async () => tableFromIPC(await readFile(path)).numRows;
    await ask("take", { table, path });
    expect(await rowsIn()).toBe(200_000);
    const { size } = await stat(path);
    await ask("take", { table, path, rows: [150_000, 150_010] });
    expect(await rowsIn()).toBe(10);
    expect((await stat(path)).size).toBeLessThan(size);
    const other = await connect();
    await expect(ask("take", { table, path }, other)).rejects.toMatchObject({ code: "table_gone" });
    other.close();
    worker.cancel(table);
    await expect(ask("take", { table, path })).rejects.toMatchObject({ code: "table_gone" });
  });

  test("does what changes one symbol in the order in which it came, and reads meanwhile", async () => {
    const paths = await Promise.all([1_000, 2_000, 3_000].map(fileOf));
    const order: string[] = [];
    const say = (word: string) => () => order.push(word);
    await Promise.all([
      ...paths.map((path, at) => ask("write", { symbol: "ordered", path, ...write }).then(say(`write ${at}`))),
      ask("delete", { symbol: "ordered" }).then(say("delete")),
      ask("write", { symbol: "ordered", path: paths[0], ...write }).then(say("write again")),
      ask("read", { symbol: "one" }),
      ask("describe", { symbol: "one" }),
    ]);
    expect(order).toEqual(["write 0", "write 1", "write 2", "delete", "write again"]);
    expect(await ask("describe", { symbol: "ordered" })).toMatchObject({ rows: 1_000 });
  });

  test("does not begin what was cancelled while it waited", async () => {
    const [large, small] = await Promise.all([fileOf(1_000_000), fileOf(10)]);
    const first = ask("write", { symbol: "cancelled", path: large, ...write });
    let number = 0;
    const fields = { library: opened.config.ARCTIC_LIBRARY, symbol: "cancelled", path: small, ...write };
    const second = worker.request("write", fields, 20_000, (id) => {
      number = id;
    });
    worker.cancel(number);
    await expect(second).rejects.toMatchObject({ code: "cancelled" });
    await first;
    expect(await ask("describe", { symbol: "cancelled" })).toMatchObject({ rows: 1_000_000 });
  });

  test("lets only the client that claimed a symbol last change it, once the changes before are done", async () => {
    const [large, small] = await Promise.all([fileOf(1_000_000), fileOf(10)]);
    const next = await connect();
    const order: string[] = [];
    const before = ask("write", { symbol: "claimed", path: large, ...write }).then(() => order.push("write"));
    // Until the worker has read that.
    await ask("list");
    await ask("claim", { symbol: "claimed" }, next).then(() => order.push("claim"));
    await before;
    expect(order).toEqual(["write", "claim"]);
    const late = ask("write", { symbol: "claimed", path: small, ...write });
    await expect(late).rejects.toMatchObject({ code: "superseded" });
    await expect(ask("delete", { symbol: "claimed" })).rejects.toMatchObject({ code: "superseded" });
    expect(await ask("describe", { symbol: "claimed" })).toMatchObject({ rows: 1_000_000 });
    await ask("write", { symbol: "claimed", path: small, ...write }, next);
    expect(await ask("describe", { symbol: "claimed" })).toMatchObject({ rows: 10 });
    next.close();
  });

  test("answers others while a client reads none of its answers", async () => {
    const { createConnection } = await import("node:net");
    const [socket = ""] = await openSockets(opened);
    await ask("write", { symbol: "half a megabyte", path: await fileOf(60_000), ...write });
    const deaf = createConnection(socket).pause();
    await once(deaf, "connect");
    const uri = `lmdb://${opened.config.FS_DATA}/arctic`;
    const library = opened.config.ARCTIC_LIBRARY;
    const say = (message: object) => deaf.write(`${JSON.stringify(message)}\n`);
    say({ op: "hello", id: 0, protocol: protocolVersion, uri, idle: 60, where: "a test" });
    for (let id = 1; id <= 32; id++) say({ op: "read", id, library, symbol: "half a megabyte" });
    for (let read = 0; read < 10; read++) expect(await ask("read", { symbol: "one" })).toMatchObject({ rows: 3 });
    deaf.destroy();
  });

  test("ends a request that takes longer than its deadline, at the client", async () => {
    const pid = await pidOf(opened);
    process.kill(pid, "SIGSTOP");
    try {
      const late = worker.request("list", { library: opened.config.ARCTIC_LIBRARY }, 100);
      await expect(late).rejects.toThrow(/within 100 ms/);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    expect(await ask("list", { tables: true })).toMatchObject({ symbols: expect.arrayContaining(["one"]) });
  });

  test("has answered in time where the program itself was held up", async () => {
    const answer = worker.request("list", { library: opened.config.ARCTIC_LIBRARY }, 100);
    for (const end = performance.now() + 300; performance.now() < end; );
    expect(await answer).toMatchObject({ symbols: expect.arrayContaining(["one"]) });
  });

  test("names each failure by its code, and goes on", async () => {
    const path = await fileOf(10);
    const failures: [string, object, string][] = [
      ["describe", { symbol: "nowhere" }, "not_found"],
      ["describe", { symbol: "one", version: 99 }, "not_found"],
      ["describe", { symbol: "one", snapshot: "none" }, "not_found"],
      ["versions", { symbol: "nowhere" }, "not_found"],
      ["read", { symbol: "one", library: "other" }, "not_found"],
      ["write", { symbol: "x", path: join(opened.folder, "no-file"), ...write }, "failed"],
      ["write", { symbol: "a*b", path, ...write }, "refused"],
      ["read", { symbol: "one", columns: 5 }, "failed"],
      ["write", { symbol: "x" }, "failed"],
      ["no_such_op", {}, "bad_request"],
    ];
    for (const [op, fields, code] of failures) {
      const failure = await ask(op, fields).catch((cause: unknown) => cause);
      expect(failure, `${op} ${JSON.stringify(fields)}`).toMatchObject({ code, message: expect.stringMatching(/./) });
    }
    expect(await ask("read", { symbol: "one" })).toMatchObject({ rows: 3 });
  });

  test("is not disturbed by what a library prints, nor by a client that talks nonsense", async () => {
    // ArcticDB itself prints an error line for this.
    await expect(ask("describe", { symbol: "printed", moment: "0" })).rejects.toMatchObject({ code: "not_found" });
    const [socket = ""] = await openSockets(opened);
    const { createConnection } = await import("node:net");
    const nonsense = createConnection(socket);
    await new Promise((closed) => {
      nonsense.once("close", closed);
      nonsense.write("this is no JSON\n");
      nonsense.resume();
    });
    expect(await ask("read", { symbol: "one" })).toMatchObject({ rows: 3 });
  });
});

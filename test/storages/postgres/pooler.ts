import { createServer, type Server, type Socket } from "node:net";
import type pg from "pg";

/** One session of the server that clients take turns with. */
interface Session {
  readonly client: pg.Client;
  readonly socket: Socket;
  user: Socket | null;
  /** Bytes of the message under way that are still to come, and the beginning of one that has not come whole. */
  skip: number;
  rest: Buffer;
}

/** A pooler in transaction mode, as PgBouncer is: each transaction may come to another session of the server. */
export class Pooler {
  readonly port: number;
  readonly #door: Server;
  readonly #open: () => Promise<pg.Client>;
  #sessions: Session[] = [];
  #turn = 0;
  /** How many transactions each session served. */
  readonly served = new Map<number, number>();

  private constructor(door: Server, port: number, open: () => Promise<pg.Client>) {
    this.#door = door;
    this.port = port;
    this.#open = open;
  }

  static async start(open: () => Promise<pg.Client>, sessions: number): Promise<Pooler> {
    const door = createServer();
    await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
    const pooler = new Pooler(door, (door.address() as { port: number }).port, open);
    for (let n = 0; n < sessions; n++) await pooler.#addSession();
    door.on("connection", (user) => pooler.#greet(user));
    return pooler;
  }

  async stop(): Promise<void> {
    for (const { socket } of this.#sessions) socket.destroy();
    await new Promise((resolve) => this.#door.close(resolve));
  }

  async #addSession(): Promise<void> {
    const client = await this.#open();
    const socket = (client as unknown as { connection: { stream: Socket } }).connection.stream;
    socket.removeAllListeners("data");
    const session: Session = { client, socket, user: null, skip: 0, rest: Buffer.alloc(0) };
    socket.on("data", (bytes) => this.#answer(session, bytes));
    this.#sessions.push(session);
  }

  /** Without a password: the sessions have theirs. */
  #greet(user: Socket): void {
    user.on("error", () => {});
    user.once("data", () => {
      const authenticated = message("R", Buffer.from([0, 0, 0, 0]));
      const key = message("K", Buffer.alloc(8));
      user.write(Buffer.concat([authenticated, key, message("Z", Buffer.from("I"))]));
      user.on("data", (bytes) => this.#ask(user, bytes));
    });
    user.on("close", () => this.#leave(user));
  }

  #ask(user: Socket, bytes: Buffer): void {
    // Terminate ends only the connection to the pooler.
    if (bytes[0] === 0x58) return;
    let session = this.#sessions.find((each) => each.user === user);
    if (!session) {
      const free = this.#sessions.filter((each) => each.user === null);
      session = free[this.#turn++ % free.length];
      if (!session) throw new Error("The pooler has too few sessions for this test.");
      session.user = user;
      const at = this.#sessions.indexOf(session);
      this.served.set(at, (this.served.get(at) ?? 0) + 1);
    }
    session.socket.write(bytes);
  }

  /** Passes on what the server says; `Z` with `I` says that the transaction is over. */
  #answer(session: Session, bytes: Buffer): void {
    session.user?.write(bytes);
    let left = Buffer.concat([session.rest, bytes.subarray(Math.min(session.skip, bytes.length))]);
    session.skip = Math.max(0, session.skip - bytes.length);
    while (left.length >= 6 || (left.length >= 5 && left[0] !== 0x5a)) {
      if (left[0] === 0x5a && left[5] === 0x49) session.user = null;
      const end = 1 + left.readInt32BE(1);
      session.skip = Math.max(0, end - left.length);
      left = left.subarray(Math.min(end, left.length));
    }
    session.rest = left;
  }

  /** A session whose user left in the middle is not used again. */
  #leave(user: Socket): void {
    const session = this.#sessions.find((each) => each.user === user);
    if (!session) return;
    session.socket.destroy();
    this.#sessions = this.#sessions.filter((each) => each !== session);
    void this.#addSession();
  }
}

function message(kind: string, content: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(kind);
  head.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([head, content]);
}

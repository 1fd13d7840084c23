import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A network line to a port of this machine, which can be cut, or go silent while both ends take it for open. */
export class Line implements AsyncDisposable {
  readonly port: number;
  readonly #door: Server;
  readonly #sockets = new Set<Socket>();
  #left = Number.POSITIVE_INFINITY;
  #fault: "cut" | "silent" = "cut";
  #isDown = false;
  #onDown = () => {};

  private constructor(door: Server, target: number) {
    this.#door = door;
    this.port = (door.address() as { port: number }).port;
    door.on("connection", (client) => this.#join(client, target));
  }

  static async to(target: number): Promise<Line> {
    const door = createServer();
    door.listen(0, "127.0.0.1");
    await once(door, "listening");
    return new Line(door, target);
  }

  /** Lets so many more bytes through, both ways together; then it is down. Resolves when it is. */
  failAfter(bytes: number, fault: "cut" | "silent"): Promise<void> {
    this.#left = bytes;
    this.#fault = fault;
    return new Promise((resolve) => {
      this.#onDown = resolve;
    });
  }

  /** It works again; what was lost stays lost. */
  mend(): void {
    this.#left = Number.POSITIVE_INFINITY;
    this.#isDown = false;
    this.#cutAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cutAll();
    this.#door.close();
    await once(this.#door, "close");
  }

  #cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(client: Socket, target: number): void {
    if (this.#isDown && this.#fault === "cut") {
      client.destroy();
      return;
    }
    const server = connect(target, "127.0.0.1");
    for (const [from, to] of [[client, server] as const, [server, client] as const]) {
      this.#sockets.add(from);
      from.on("error", () => {});
      from.once("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.on("data", (bytes) => {
        if (this.#passes(bytes.length)) to.write(bytes);
      });
    }
  }

  #passes(bytes: number): boolean {
    if (this.#isDown) return false;
    this.#left -= bytes;
    if (this.#left > 0) return true;
    this.#isDown = true;
    if (this.#fault === "cut") this.#cutAll();
    this.#onDown();
    return false;
  }
}

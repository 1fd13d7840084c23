import { connect, createServer, type Server, type Socket } from "node:net";

/** Stands between the driver and the server, and can lose what they say. */
export class LossyProxy {
  readonly port: number;
  /** Asked for each message to the server; `cut` loses it and the connection, `cut reply` lets it through and loses the answer. */
  onMessage: (text: string) => "pass" | "cut" | "cut reply" = () => "pass";
  /** Lets no new connection through. */
  closed = false;
  readonly #door: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(door: Server, port: number) {
    this.#door = door;
    this.port = port;
  }

  static async to(serverPort: number): Promise<LossyProxy> {
    const door = createServer();
    await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
    const proxy = new LossyProxy(door, (door.address() as { port: number }).port);
    door.on("connection", (client) => proxy.#join(client, serverPort));
    return proxy;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#door.close(resolve));
  }

  #join(client: Socket, port: number): void {
    if (this.closed) {
      client.destroy();
      return;
    }
    const server = connect(port, "127.0.0.1");
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
    }
    client.on("close", () => server.destroy());
    server.on("close", () => client.destroy());
    let losing = false;
    client.on("data", (bytes) => {
      const what = this.onMessage(bytes.toString("latin1"));
      losing ||= what === "cut reply";
      if (what === "cut") client.destroy();
      else server.write(bytes);
    });
    server.on("data", (bytes) => {
      if (losing) client.destroy();
      else client.write(bytes);
    });
  }
}

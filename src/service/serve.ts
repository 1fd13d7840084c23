import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { ConfigError, UnavailableError } from "../errors.ts";
import type { ServiceContext, ServicesContext } from "./context.ts";
import { RunDesk } from "./run-desk.ts";
import { service } from "./service.ts";
import { services } from "./services.ts";

/** A service that listens. */
export interface Served extends AsyncDisposable {
  /** Where it is reached, such as `http://127.0.0.1:4160`. */
  readonly url: string;
}

const shortestToken = 16;
const loopback = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

/**
 * Serves a factory's storages, or those of several services, over HTTP, on SERVICE_HOST and SERVICE_PORT. Disposing of it ends the runs
 * that were begun here, so that they can be gone on with, and finishes requests under way, for 10 s at most.
 *
 * @throws ConfigError for an address that others reach without a token; UnavailableError when the port is taken.
 */
export async function serve(context: ServiceContext | ServicesContext): Promise<Served> {
  const { SERVICE_HOST, SERVICE_PORT, SERVICE_TOKEN } = context.config;
  if (SERVICE_TOKEN !== undefined && SERVICE_TOKEN.length < shortestToken) {
    throw new ConfigError(`SERVICE_TOKEN has fewer than ${shortestToken} characters.`);
  }
  if (!loopback.test(SERVICE_HOST) && SERVICE_TOKEN === undefined) {
    throw new ConfigError(`${SERVICE_HOST} is reached by other machines, and there is no token.`, {
      hint: "Set SERVICE_TOKEN to a long random text, or SERVICE_HOST to 127.0.0.1.",
    });
  }
  const desks = "services" in context ? context.services.map((each) => new RunDesk(each)) : [new RunDesk(context)];
  const app = "services" in context ? services(context, desks) : service(context, { desk: desks[0] as RunDesk });
  const server = createAdaptorServer({ fetch: app.fetch });
  server.listen(SERVICE_PORT, SERVICE_HOST);
  await once(server, "listening").catch((cause: NodeJS.ErrnoException) => {
    throw new UnavailableError(`The service can't listen on ${SERVICE_HOST}:${SERVICE_PORT}.`, {
      cause,
      hint:
        cause.code === "EADDRINUSE"
          ? "Another program listens there: end it, or set SERVICE_PORT."
          : "Set SERVICE_HOST and SERVICE_PORT to an address of this machine.",
    });
  });
  const { address, port, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    async [Symbol.asyncDispose]() {
      await Promise.all(desks.map((desk) => desk[Symbol.asyncDispose]()));
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      if ("closeIdleConnections" in server) server.closeIdleConnections();
      const timer = setTimeout(() => "closeAllConnections" in server && server.closeAllConnections(), 10_000);
      await closed;
      clearTimeout(timer);
    },
  };
}

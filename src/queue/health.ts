import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Config } from "../config/settings.ts";
import { UnavailableError } from "../errors.ts";
import type { Lane } from "./hands.ts";
import type { JobLoop } from "./loop.ts";
import type { QueuePlace } from "./place.ts";

interface Watched {
  readonly config: Config;
  readonly port: number | undefined;
  readonly place: QueuePlace;
  readonly loop: JobLoop;
  readonly runLane: Lane;
  readonly sourceLane: Lane;
  readonly concurrency: number;
}

/** How long the database may take to answer a health check. */
const waitMs = 4_000;

/** Answers `/health` and `/metrics`, in the form that Prometheus reads. Null without a port. */
export async function serveHealth(watched: Watched): Promise<({ readonly url: string } & AsyncDisposable) | null> {
  const { config, port, place } = watched;
  if (port === undefined) return null;
  const metrics = await metricsOf(watched);
  const server = createServer(async ({ url }, answer) => {
    if (url === "/metrics") {
      answer.writeHead(200, { "Content-Type": metrics.contentType }).end(await metrics.metrics());
    } else if (url === "/health") {
      const health = await healthOf(place, watched);
      answer.writeHead(health.status === "ok" ? 200 : 503, { "Content-Type": "application/json" });
      answer.end(JSON.stringify(health));
    } else answer.writeHead(404).end();
  });
  server.listen(port, config.WORKER_HOST);
  await once(server, "listening").catch((cause: unknown) => {
    throw new UnavailableError(`The worker can't listen on ${config.WORKER_HOST}:${port}.`, {
      cause,
      hint: "Set WORKER_HOST and WORKER_PORT to an address of this machine that is free.",
    });
  });
  const { address, port: found, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${found}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function healthOf(place: QueuePlace, { loop, runLane, sourceLane, concurrency }: Watched) {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), waitMs);
  const asked = place.sql("SELECT 1").then(
    () => true,
    () => false,
  );
  const ok = await Promise.race([asked, late.promise]);
  clearTimeout(timer);
  const [runs, sources] = [loop.inHand(runLane).length, loop.inHand(sourceLane).length];
  return {
    status: ok ? "ok" : "down",
    queue: place.config.QUEUE_NAME,
    paused: loop.paused,
    runs,
    sources,
    concurrency,
  };
}

async function metricsOf({ loop, runLane, sourceLane, concurrency }: Watched) {
  const { collectDefaultMetrics, Gauge, Registry } = await import("prom-client");
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  gauge("millrace_worker_runs", "Runs that this worker leads", () => loop.inHand(runLane).length);
  gauge("millrace_worker_sources", "Sources in hand", () => loop.inHand(sourceLane).length);
  gauge("millrace_worker_concurrency", "Sources that may be in hand at once", () => concurrency);
  gauge("millrace_worker_jobs_total", "Jobs taken since the start", () => loop.taken);
  gauge("millrace_worker_jobs_lost_total", "Jobs that were taken away since the start", () => loop.lost);
  return registry;
}

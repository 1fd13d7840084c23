import type { OpenAPIHono } from "@hono/zod-openapi";
import { routePath } from "hono/route";
import { Counter, collectDefaultMetrics, Histogram, Registry } from "prom-client";

/** Counts every request, also those that a guard refuses. Returns the register of what was counted. */
export function countRequests(app: OpenAPIHono): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const labels = ["method", "route", "status"] as const;
  const requests = new Counter({
    name: "millrace_http_requests_total",
    help: "Requests that were answered",
    labelNames: labels,
    registers: [registry],
  });
  const seconds = new Histogram({
    name: "millrace_http_request_seconds",
    help: "Time until the answer began",
    labelNames: labels,
    buckets: [0.005, 0.02, 0.05, 0.2, 1, 5, 20],
    registers: [registry],
  });
  app.use(async (context, next) => {
    const began = performance.now();
    await next();
    // The route's pattern: names of frames would make a series each.
    const route = routePath(context, -1);
    const about = { method: context.req.method, route, status: String(context.res.status) };
    requests.inc(about);
    seconds.observe(about, (performance.now() - began) / 1_000);
  });
  return registry;
}

/** Serves what was counted, in the form that Prometheus reads. */
export function metricsRoutes(app: OpenAPIHono, registry: Registry): void {
  app.openAPIRegistry.registerPath({
    method: "get",
    path: "/metrics",
    summary: "Counters in the form that Prometheus reads",
    responses: { 200: { description: "Counters.", content: { "text/plain": { schema: { type: "string" } } } } },
  });
  app.get("/metrics", async (context) => {
    return context.text(await registry.metrics(), 200, { "Content-Type": registry.contentType });
  });
}

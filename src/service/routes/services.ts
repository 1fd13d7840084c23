import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { HealthWatch } from "../health.ts";
import type { RunDesk } from "../run-desk.ts";
import { failure } from "../schemas.ts";
import { health, healthOf } from "./health.ts";

const one = z.object({ service: z.string(), base: z.string() });
const all = z.object({
  status: z.enum(["ok", "down"]),
  services: z.array(health.extend({ service: z.string() })),
});

const list = createRoute({
  method: "get",
  path: "/api/services",
  summary: "The services, and where the API of each begins",
  responses: {
    200: { description: "Services.", content: { "application/json": { schema: z.array(one) } } },
    ...failure,
  },
});

const healthOfAll = createRoute({
  method: "get",
  path: "/health",
  summary: "Whether every service can use the storages that it uses",
  responses: {
    200: { description: "All can be used.", content: { "application/json": { schema: all } } },
    503: { description: "At least one can't be used.", content: { "application/json": { schema: all } } },
  },
});

interface Part {
  readonly name: string;
  readonly base: string;
  readonly desk: RunDesk;
  readonly watch: HealthWatch;
}

export function servicesRoutes(app: OpenAPIHono, parts: readonly Part[]): void {
  app.openapi(list, (context) =>
    context.json(
      parts.map(({ name, base }) => ({ service: name, base })),
      200,
    ),
  );
  app.openapi(healthOfAll, async (context) => {
    const asked = parts.map(async ({ name, watch, desk }) => ({ service: name, ...(await healthOf(watch, desk)) }));
    const services = await Promise.all(asked);
    const isUp = services.every(({ status }) => status === "ok");
    return context.json({ status: isUp ? ("ok" as const) : ("down" as const), services }, isUp ? 200 : 503);
  });
}

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { HealthWatch } from "../health.ts";

const health = z
  .object({
    status: z.enum(["ok", "down"]),
    storages: z.array(z.object({ storage: z.string(), ok: z.boolean(), checked: z.iso.datetime() })),
  })
  .openapi("Health");

const route = createRoute({
  method: "get",
  path: "/health",
  summary: "Whether every storage can be used",
  responses: {
    200: { description: "All can be used.", content: { "application/json": { schema: health } } },
    503: { description: "At least one can't be used.", content: { "application/json": { schema: health } } },
  },
});

export function healthRoutes(app: OpenAPIHono, watch: HealthWatch): void {
  app.openapi(route, async (context) => {
    const storages = await watch.all();
    const ok = storages.every((each) => each.ok);
    return ok
      ? context.json({ status: "ok" as const, storages }, 200)
      : context.json({ status: "down" as const, storages }, 503);
  });
}

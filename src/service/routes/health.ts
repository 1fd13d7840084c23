import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { HealthWatch } from "../health.ts";
import type { RunDesk } from "../run-desk.ts";

const health = z
  .object({
    status: z.enum(["ok", "down"]),
    storages: z.array(z.object({ storage: z.string(), ok: z.boolean(), checked: z.iso.datetime() })),
    pipelines: z.array(z.object({ pipeline: z.string(), lastGood: z.iso.datetime().nullable() })),
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

export function healthRoutes(app: OpenAPIHono, watch: HealthWatch, desk: RunDesk): void {
  app.openapi(route, async (context) => {
    const [storages, pipelines] = await Promise.all([watch.all(), desk.lastGood()]);
    const ok = storages.every((each) => each.ok);
    return ok
      ? context.json({ status: "ok" as const, storages, pipelines }, 200)
      : context.json({ status: "down" as const, storages, pipelines }, 503);
  });
}

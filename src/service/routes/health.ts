import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { HealthWatch } from "../health.ts";
import type { RunDesk } from "../run-desk.ts";

export const health = z
  .object({
    status: z.enum(["ok", "down"]),
    storages: z.array(
      z.object({
        storage: z.string(),
        ok: z.boolean(),
        state: z.enum(["up", "down", "unused"]),
        checked: z.iso.datetime(),
      }),
    ),
    pipelines: z.array(z.object({ pipeline: z.string(), lastGood: z.iso.datetime().nullable() })),
  })
  .openapi("Health");

const route = createRoute({
  method: "get",
  path: "/health",
  summary: "Whether every storage that is used can be used",
  responses: {
    200: { description: "All can be used.", content: { "application/json": { schema: health } } },
    503: { description: "At least one can't be used.", content: { "application/json": { schema: health } } },
  },
});

export function healthRoutes(app: OpenAPIHono, watch: HealthWatch, desk: RunDesk): void {
  app.openapi(route, async (context) => {
    const found = await healthOf(watch, desk);
    return context.json(found, found.status === "ok" ? 200 : 503);
  });
}

/** The health of one service. */
export async function healthOf(watch: HealthWatch, desk: RunDesk): Promise<z.infer<typeof health>> {
  const [storages, pipelines] = await Promise.all([watch.all(), desk.lastGood()]);
  return { status: storages.every(({ ok }) => ok) ? "ok" : "down", storages, pipelines };
}

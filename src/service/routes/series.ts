import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { ServiceContext } from "../context.ts";
import { failure } from "../schemas.ts";
import { seriesOf } from "../series.ts";

const values = z.array(z.number().nullable());

const route = createRoute({
  method: "get",
  path: "/api/series/{storage}/{name}",
  summary: "A column over time, in at most as many points as asked for",
  request: {
    params: z.object({ storage: z.string(), name: z.string() }),
    query: z.object({
      time: z.string(),
      column: z.string(),
      points: z.coerce.number().int().min(1).max(5_000).default(800),
      from: z.string().optional(),
      to: z.string().optional(),
    }),
  },
  responses: {
    200: {
      description: "Times in seconds since 1970, with the least and the most value of the rows around each.",
      content: {
        "application/json": {
          schema: z.object({ times: z.array(z.number()), least: values, most: values, rows: z.number() }),
        },
      },
    },
    ...failure,
  },
});

export function seriesRoutes(app: OpenAPIHono, { factory }: ServiceContext): void {
  app.openapi(route, async (context) => {
    const { storage, name } = context.req.valid("param");
    const asked = { ...context.req.valid("query"), signal: context.req.raw.signal };
    return context.json(await seriesOf(factory.createDataSource(storage), name, asked), 200);
  });
}

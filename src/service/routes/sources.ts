import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { IDataSource } from "../../contracts/data-source.ts";
import type { IDescribe } from "../../contracts/describe.ts";
import { ConfigError } from "../../errors.ts";
import type { ServiceContext } from "../context.ts";
import { column, failure } from "../schemas.ts";

const list = createRoute({
  method: "get",
  path: "/api/sources",
  summary: "The frames of all storages, or of one",
  request: { query: z.object({ storage: z.string().optional() }) },
  responses: {
    200: {
      description: "Names by storage. A storage that can't be listed now is named in `failed`.",
      content: {
        "application/json": {
          schema: z.object({
            frames: z.array(z.object({ storage: z.string(), name: z.string() })),
            failed: z.array(z.string()),
          }),
        },
      },
    },
    ...failure,
  },
});

const describe = createRoute({
  method: "get",
  path: "/api/sources/{storage}/{name}",
  summary: "What is known of a frame without reading it",
  request: { params: z.object({ storage: z.string(), name: z.string() }) },
  responses: {
    200: {
      description: "Columns, and rows where they are counted.",
      content: {
        "application/json": {
          schema: z.object({
            columns: z.array(column),
            rows: z.number().optional(),
            bytes: z.number(),
            modified: z.iso.datetime(),
            timeColumn: z.string().optional(),
            key: z.array(z.string()).optional(),
          }),
        },
      },
    },
    ...failure,
  },
});

export function sourceRoutes(app: OpenAPIHono, { factory, logger }: ServiceContext): void {
  app.openapi(list, async (context) => {
    const { storage } = context.req.valid("query");
    const types = storage === undefined ? factory.listDataSources() : [storage];
    const failed: string[] = [];
    const listed = await Promise.all(
      types.map(async (type) => {
        const source = factory.createDataSource(type);
        const names = await source.listSources().catch((error: unknown) => {
          if (storage !== undefined) throw error;
          logger.warn({ storage: type, err: error }, `${type} can't be listed`);
          failed.push(type);
          return [];
        });
        return names.map((name) => ({ storage: type, name }));
      }),
    );
    return context.json({ frames: listed.flat(), failed }, 200);
  });

  app.openapi(describe, async (context) => {
    const { storage, name } = context.req.valid("param");
    const source = factory.createDataSource(storage);
    if (!("describe" in source))
      throw new ConfigError(`The storage ${storage} describes no frames.`, { code: "OPTION_UNSUPPORTED" });
    const { schema, modified, ...about } = await (source as IDataSource & IDescribe).describe(name);
    const columns = schema.fields.map(({ name, type, nullable }) => ({ name, type, nullable }));
    return context.json({ columns, ...about, modified: modified.toISOString() }, 200);
  });
}

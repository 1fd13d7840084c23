import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { DataFrame } from "../../frame/polars.ts";
import { piecesOf } from "../../storages/pieces.ts";
import { ahead } from "../ahead.ts";
import type { ServiceContext } from "../context.ts";
import { arrowOf } from "../formats/arrow.ts";
import { csvOf } from "../formats/csv.ts";
import { jsonOf, ndjsonOf } from "../formats/json.ts";
import { failure } from "../schemas.ts";
import { skipRows } from "../skip-rows.ts";
import { streamOf } from "../stream.ts";

const types = {
  json: "application/json",
  ndjson: "application/x-ndjson",
  csv: "text/csv; charset=utf-8",
  arrow: "application/vnd.apache.arrow.stream",
} as const;

type Format = keyof typeof types;

/** Rows of a batch in an Arrow stream: with half as many, writing takes a third longer. */
const arrowRows = 131_072;

const query = z.object({
  format: z
    .enum(["json", "ndjson", "csv", "arrow"])
    .optional()
    .openapi({ description: "Default: what Accept asks for, else json." }),
  columns: z
    .string()
    .optional()
    .openapi({ description: "Only these, parted by commas; a comma within a name is written %2C twice encoded." }),
  from: z.string().optional().openapi({ description: "Rows at or after this time, ISO." }),
  to: z.string().optional().openapi({ description: "Rows before this time, ISO." }),
  timeColumn: z.string().optional(),
  limit: z.coerce.number().int().min(0).optional(),
  offset: z.coerce.number().int().min(0).optional().openapi({ description: "Rows to leave out in front." }),
  exact: z
    .enum(["true", "false"])
    .optional()
    .openapi({ description: "For csv: `true` leaves texts that a spreadsheet would run as they are." }),
});

const route = createRoute({
  method: "get",
  path: "/api/data/{storage}/{name}",
  summary: "The rows of a frame, streamed",
  request: { params: z.object({ storage: z.string(), name: z.string() }), query },
  responses: {
    200: {
      description: "The rows. An answer that ends early (a broken transfer) is not whole.",
      content: Object.fromEntries(Object.values(types).map((type) => [type, { schema: z.any() }])),
    },
    ...failure,
  },
});

export function dataRoutes(app: OpenAPIHono, { factory, config, logger }: ServiceContext): void {
  app.openapi(route, async (context) => {
    const { storage, name } = context.req.valid("param");
    const { format: asked, columns, limit, offset = 0, exact, ...range } = context.req.valid("query");
    const format = asked ?? formatOf(context.req.header("accept") ?? "");
    const options = {
      ...range,
      ...(columns === undefined ? {} : { columns: columns.split(",").map(decodeURIComponent) }),
      ...(limit === undefined ? {} : { limit: limit + offset }),
      ...(format === "arrow" ? { batchRows: arrowRows } : {}),
      signal: context.req.raw.signal,
    };
    const pieces = ahead(skipRows(piecesOf(factory.createDataSource(storage), name, options), offset));
    const body = await streamOf(encoded(format, pieces, name, exact === "true"), (error) =>
      logger.warn({ storage, frame: name, err: error }, "An answer broke off"),
    );
    context.header("Content-Type", types[format]);
    if (format === "csv") context.header("Content-Disposition", `attachment; filename="${fileName(name)}"`);
    return context.body(body) as never;
  });

  function encoded(format: Format, pieces: AsyncIterable<DataFrame>, frame: string, exact: boolean) {
    switch (format) {
      case "json":
        return jsonOf(pieces);
      case "ndjson":
        return ndjsonOf(pieces);
      case "csv":
        return csvOf(pieces, { config, frame, exact });
      case "arrow":
        return arrowOf(pieces, config);
    }
  }
}

function formatOf(accept: string): Format {
  const wanted = (Object.keys(types) as Format[]).find((format) =>
    accept.includes(types[format].split(";")[0] as string),
  );
  return wanted ?? "json";
}

/** A plain name for the file that a browser makes of it. */
function fileName(name: string): string {
  return `${name.replace(/\.(csv|tsv)(\.(gz|zst))?$/, "").replace(/[^\w.-]+/g, "_")}.csv`;
}

import type { OpenAPIHono } from "@hono/zod-openapi";
import type { IDataSource } from "../../contracts/data-source.ts";
import type { IDescribe } from "../../contracts/describe.ts";
import { heightOf } from "../../frame/access.ts";
import { concatFrames } from "../../frame/batches.ts";
import { records } from "../../frame/records.ts";
import { schemaOf } from "../../frame/schema.ts";
import { statisticsOf } from "../../frame/statistics.ts";
import { piecesOf } from "../../storages/pieces.ts";
import type { ServiceContext } from "../context.ts";
import type { HealthWatch } from "../health.ts";
import { gatherOverview } from "../overview.ts";
import { dataPage } from "../pages/data.ts";
import { chart, columnsTable, type FrameHead, frameHead, rowsTable } from "../pages/frame.ts";
import { page } from "../pages/layout.ts";
import { overview } from "../pages/overview.ts";
import type { RunDesk } from "../run-desk.ts";
import { drawableTimes, drawableValues } from "../series.ts";
import { skipRows } from "../skip-rows.ts";
import { hasVersions } from "./versions.ts";

const limit = 100;

/** The pages about storages and their frames. */
export function pageRoutes(
  app: OpenAPIHono,
  { factory, logger }: ServiceContext,
  parts: { watch: HealthWatch; desk: RunDesk; others?: ReadonlySet<string> | undefined },
): void {
  app.get("/", async (context) => {
    const found = await gatherOverview(factory, parts);
    return page(context, { title: "Overview", place: "overview", body: overview(found) });
  });

  app.get("/data", async (context) => {
    const storage = context.req.query("storage");
    const types = storage === undefined ? factory.listDataSources() : [storage];
    const listed = await Promise.all(types.map(async (type) => ({ type, names: await namesOf(type) })));
    const frames = listed.flatMap(({ type, names }) => (names ?? []).map((name) => ({ storage: type, name })));
    const failed = listed.filter(({ names }) => names === null).map(({ type }) => type);
    return page(context, { title: "Data", place: "data", body: dataPage(frames, failed, storage) });
  });

  app.get("/data/:storage/:name", async (context) => {
    const head = await headOf(context.req.param());
    const offset = Math.max(0, Math.floor(Number(context.req.query("offset") ?? 0)) || 0);
    const source = factory.createDataSource(head.storage);
    const pieces = [];
    // One row more than is shown tells whether there are more.
    const asked = { limit: offset + limit + 1, signal: context.req.raw.signal };
    for await (const piece of skipRows(piecesOf(source, head.name, asked), offset)) pieces.push(piece);
    const read = concatFrames(pieces);
    const rows = records(read);
    const shown = {
      fields: schemaOf(read).fields,
      rows: rows.slice(0, limit),
      offset,
      limit,
      more: heightOf(read) > limit,
    };
    return page(context, { title: head.name, place: "data", body: [frameHead(head, "rows"), rowsTable(head, shown)] });
  });

  app.get("/data/:storage/:name/columns", async (context) => {
    const head = await headOf(context.req.param());
    const source = factory.createDataSource(head.storage);
    const found = await statisticsOf(piecesOf(source, head.name, { signal: context.req.raw.signal }));
    return page(context, { title: head.name, place: "data", body: [frameHead(head, "columns"), columnsTable(found)] });
  });

  app.get("/data/:storage/:name/chart", async (context) => {
    const head = await headOf(context.req.param());
    const fields = head.about?.schema.fields ?? [];
    const named = (pattern: RegExp) => fields.filter(({ type }) => pattern.test(type)).map(({ name }) => name);
    const times = named(drawableTimes);
    const first = head.about?.timeColumn;
    const sorted = first && times.includes(first) ? [first, ...times.filter((name) => name !== first)] : times;
    const body = [frameHead(head, "chart"), chart(head, sorted, named(drawableValues))];
    return page(context, { title: head.name, place: "data", body });
  });

  async function namesOf(type: string): Promise<string[] | null> {
    return factory
      .createDataSource(type)
      .listSources()
      .catch((error: unknown) => {
        logger.warn({ storage: type, err: error }, `${type} can't be listed`);
        return null;
      });
  }

  async function headOf({ storage, name }: { storage: string; name: string }): Promise<FrameHead> {
    const source: IDataSource = factory.createDataSource(storage);
    const about = "describe" in source ? await (source as IDataSource & IDescribe).describe(name) : undefined;
    return { storage, name, about, versioned: hasVersions(source) };
  }
}

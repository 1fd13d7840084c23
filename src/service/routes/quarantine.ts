import type { OpenAPIHono } from "@hono/zod-openapi";
import { columnOf, heightOf } from "../../frame/access.ts";
import { plainName } from "../../frame/names.ts";
import { quarantineName } from "../../pipelines/checks/quarantine.ts";
import type { ServiceContext } from "../context.ts";
import { page } from "../pages/layout.ts";
import { type QuarantinedFrame, quarantinePage } from "../pages/quarantine.ts";
import type { RunDesk } from "../run-desk.ts";

const ending = quarantineName("");

/** The page of rows that were put aside, and its button. */
export function quarantineRoutes(app: OpenAPIHono, { factory, logger }: ServiceContext, desk: RunDesk): void {
  app.get("/quarantine", async (context) => {
    const found = await Promise.all(factory.listDataSources().map((storage) => framesIn(storage)));
    const body = quarantinePage(found.flat(), context.req.query("done"));
    return page(context, { title: "Quarantine", place: "quarantine", body });
  });

  app.post("/quarantine/retry", async (context) => {
    const { pipeline, destination } = await context.req.parseBody();
    const { loaded, left } = await desk.retryQuarantine(String(pipeline), String(destination));
    const done = `${loaded} rows were loaded into ${destination}, ${left} are left.`;
    return context.redirect(`/quarantine?done=${encodeURIComponent(done)}`, 303);
  });

  async function framesIn(storage: string): Promise<QuarantinedFrame[]> {
    const source = factory.createDataSource(storage);
    const names = await source.listSources().catch((error: unknown) => {
      logger.warn({ storage, err: error }, `${storage} can't be listed`);
      return [];
    });
    return Promise.all(
      names
        .filter((name) => plainName(name).endsWith(ending))
        .map(async (name) => {
          const frame = await source.getData(name, { columns: ["reason", "run"] });
          const reasons = countsOf(columnOf(frame, "reason").toArray());
          const runs = countsOf(columnOf(frame, "run").toArray()).map(([run]) => run);
          const pipelines = await pipelinesOf(runs);
          const destination = plainName(name).slice(0, -ending.length);
          return { storage, name, destination, rows: heightOf(frame), reasons, pipelines };
        }),
    );
  }

  /** Those of the service's pipelines whose runs put the rows aside. */
  async function pipelinesOf(runs: readonly string[]): Promise<string[]> {
    await using ledger = await desk.ledger();
    const found = await Promise.all(runs.map((run) => ledger.run(run)));
    return [...new Set(found.flatMap((run) => (run && desk.has(run.pipeline) ? [run.pipeline] : [])))];
  }
}

/** Each value once, with how often it comes; the most frequent first. */
function countsOf(values: Iterable<unknown>): [value: string, count: number][] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

import type { OpenAPIHono } from "@hono/zod-openapi";
import { putAsideIn } from "../../pipelines/checks/put-aside.ts";
import type { ServiceContext } from "../context.ts";
import { page } from "../pages/layout.ts";
import { type QuarantinedFrame, quarantinePage } from "../pages/quarantine.ts";
import type { RunDesk } from "../run-desk.ts";

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
    const found = await putAsideIn(factory, storage).catch((error: unknown) => {
      logger.warn({ storage, err: error }, `${storage} can't be listed`);
      return [];
    });
    return Promise.all(found.map(async ({ runs, ...frame }) => ({ ...frame, pipelines: await pipelinesOf(runs) })));
  }

  /** Those of the service's pipelines whose runs put the rows aside. */
  async function pipelinesOf(runs: readonly string[]): Promise<string[]> {
    await using ledger = await desk.ledger();
    const found = await Promise.all(runs.map((run) => ledger.run(run)));
    return [...new Set(found.flatMap((run) => (run && desk.has(run.pipeline) ? [run.pipeline] : [])))];
  }
}

import type { OpenAPIHono } from "@hono/zod-openapi";
import { page } from "../pages/layout.ts";
import { runPage, runsPage } from "../pages/runs.ts";
import type { RunDesk } from "../run-desk.ts";

const goesOn = new Set(["failed", "stopped", "interrupted"]);

/** The pages about runs, and what their buttons do. */
export function runPageRoutes(app: OpenAPIHono, desk: RunDesk): void {
  app.get("/runs", async (context) => {
    const pipeline = context.req.query("pipeline");
    await using ledger = await desk.ledger();
    const runs = await ledger.runs({ ...(pipeline === undefined ? {} : { pipeline }), limit: 200 });
    const runnable = desk.pipelines
      .map(({ name }) => name)
      .filter((name) => pipeline === undefined || name === pipeline);
    return page(context, { title: "Runs", place: "runs", body: runsPage(runs, pipeline, runnable) });
  });

  app.get("/runs/:id", async (context) => {
    const run = await desk.run(context.req.param("id"));
    await using ledger = await desk.ledger();
    const [steps, sources] = await Promise.all([ledger.steps(run.id), ledger.sources(run.id)]);
    const pipeline = desk.pipelines.find(({ name }) => name === run.pipeline);
    const can = {
      stop: desk.runsHere(run.id),
      resume: pipeline !== undefined && goesOn.has(run.state),
      undo: pipeline?.definition.undoable === true && run.state === "done",
    };
    return page(context, { title: run.pipeline, place: "runs", body: runPage(run, steps, sources, can) });
  });

  app.post("/pipelines/:name/run", async (context) => {
    return context.redirect(`/runs/${await desk.begin(context.req.param("name"))}`, 303);
  });
  app.post("/runs/:id/stop", async (context) => {
    await desk.stop(context.req.param("id"));
    return context.redirect(`/runs/${context.req.param("id")}`, 303);
  });
  app.post("/runs/:id/resume", async (context) => {
    return context.redirect(`/runs/${await desk.resume(context.req.param("id"))}`, 303);
  });
  app.post("/runs/:id/undo", async (context) => {
    await desk.undo(context.req.param("id"));
    return context.redirect(`/runs/${context.req.param("id")}`, 303);
  });
}

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { streamSSE } from "hono/streaming";
import type { RunRecord } from "../../contracts/ledger.ts";
import type { RunDesk } from "../run-desk.ts";
import { failure } from "../schemas.ts";

const error = z.object({
  name: z.string(),
  message: z.string(),
  code: z.string().optional(),
  hint: z.string().optional(),
});
const moment = z.iso.datetime();
const run = z
  .object({
    id: z.string(),
    pipeline: z.string(),
    version: z.string(),
    state: z.string(),
    began: moment,
    ended: moment.nullable(),
    rows: z.number(),
    bytes: z.number(),
    error: error.nullable(),
  })
  .openapi("Run");
const step = z
  .object({
    name: z.string(),
    kind: z.string(),
    state: z.string(),
    began: moment.nullable(),
    ended: moment.nullable(),
    rows: z.number(),
    error: error.nullable(),
    sources: z.array(
      z.object({
        source: z.string(),
        state: z.string(),
        attempts: z.number(),
        rows: z.number(),
        durationMs: z.number(),
        error: error.nullable(),
      }),
    ),
  })
  .openapi("Step");

const id = z.object({ id: z.string() });
const begun = { "application/json": { schema: z.object({ run: z.string() }) } };

const routes = {
  list: createRoute({
    method: "get",
    path: "/api/runs",
    summary: "Runs, newest first",
    request: {
      query: z.object({
        pipeline: z.string().optional(),
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
      }),
    },
    responses: { 200: { description: "Runs.", content: { "application/json": { schema: z.array(run) } } }, ...failure },
  }),
  one: createRoute({
    method: "get",
    path: "/api/runs/{id}",
    summary: "A run with its steps and sources",
    request: { params: id },
    responses: {
      200: {
        description: "The run.",
        content: { "application/json": { schema: run.extend({ steps: z.array(step) }) } },
      },
      ...failure,
    },
  }),
  begin: createRoute({
    method: "post",
    path: "/api/pipelines/{name}/run",
    summary: "Begin a run; it goes on by itself",
    request: {
      params: z.object({ name: z.string() }),
      body: {
        content: {
          "application/json": {
            schema: z.object({
              from: z.string().optional(),
              to: z.string().optional(),
              sources: z.array(z.string()).optional(),
            }),
          },
        },
      },
    },
    responses: { 202: { description: "It has begun.", content: begun }, ...failure },
  }),
  resume: createRoute({
    method: "post",
    path: "/api/runs/{id}/resume",
    summary: "Go on with a run that ended early",
    request: { params: id },
    responses: { 202: { description: "It goes on.", content: begun }, ...failure },
  }),
  stop: createRoute({
    method: "post",
    path: "/api/runs/{id}/stop",
    summary: "End a run that was begun here",
    request: { params: id },
    responses: { 200: { description: "It has ended.", content: begun }, ...failure },
  }),
  undo: createRoute({
    method: "post",
    path: "/api/runs/{id}/undo",
    summary: "Put every destination of a run back as it was",
    request: { params: id },
    responses: { 200: { description: "It was undone.", content: begun }, ...failure },
  }),
};

/** How often the ledger is looked at while somebody follows a run: it may be one of another process. */
const lookMs = 500;
const over = new Set(["done", "failed", "stopped", "interrupted", "undone"]);

export function runRoutes(app: OpenAPIHono, desk: RunDesk): void {
  app.openapi(routes.list, async (context) => {
    await using ledger = await desk.ledger();
    return context.json((await ledger.runs(dropUndefined(context.req.valid("query")))).map(runJson), 200);
  });
  app.openapi(routes.one, async (context) => context.json(await wholeRun(desk, context.req.valid("param").id), 200));
  app.openapi(routes.begin, async (context) => {
    const options = dropUndefined(context.req.valid("json") ?? {});
    return context.json({ run: await desk.begin(context.req.valid("param").name, options) }, 202);
  });
  app.openapi(routes.resume, async (context) =>
    context.json({ run: await desk.resume(context.req.valid("param").id) }, 202),
  );
  app.openapi(routes.stop, async (context) => {
    const { id } = context.req.valid("param");
    await desk.stop(id);
    return context.json({ run: id }, 200);
  });
  app.openapi(routes.undo, async (context) => {
    const { id } = context.req.valid("param");
    await desk.undo(id);
    return context.json({ run: id }, 200);
  });

  app.openAPIRegistry.registerPath({
    method: "get",
    path: "/api/runs/{id}/events",
    summary: "Server-sent events: `change` with the whole run whenever anything of it changes, `end` when it is over",
    request: { params: id },
    responses: {
      200: { description: "Events.", content: { "text/event-stream": { schema: { type: "string" } } } },
      ...failure,
    },
  });
  app.get("/api/runs/:id/events", async (context) => {
    const id = context.req.param("id");
    await desk.run(id);
    return streamSSE(context, async (stream) => {
      let last = "";
      while (!stream.aborted) {
        const found = await wholeRun(desk, id);
        const data = JSON.stringify(found);
        if (data !== last) await stream.writeSSE({ event: "change", data });
        last = data;
        if (over.has(found.state)) return stream.writeSSE({ event: "end", data: found.state });
        await stream.sleep(lookMs);
      }
    });
  });
}

async function wholeRun(desk: RunDesk, id: string) {
  const found = await desk.run(id);
  await using ledger = await desk.ledger();
  const [steps, sources] = await Promise.all([ledger.steps(id), ledger.sources(id)]);
  return {
    ...runJson(found),
    steps: steps.map(({ name, kind, state, began, ended, rows, error }) => ({
      ...{ name, kind, state, rows, error },
      began: began?.toISOString() ?? null,
      ended: ended?.toISOString() ?? null,
      sources: sources
        .filter(({ step }) => step === name)
        .map(({ source, state, attempts, rows, durationMs, error }) => ({
          source,
          state,
          attempts,
          rows,
          durationMs,
          error,
        })),
    })),
  };
}

function runJson({ id, pipeline, version, state, began, ended, rows, bytes, error }: RunRecord) {
  return {
    id,
    pipeline,
    version,
    state,
    began: began.toISOString(),
    ended: ended?.toISOString() ?? null,
    rows,
    bytes,
    error,
  };
}

function dropUndefined<T extends object>(options: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import type { Config } from "../../config/settings.ts";
import type { QueueStatus } from "../../queue/operate.ts";
import { withoutPaths } from "../answers.ts";
import type { ServiceContext } from "../context.ts";
import { page } from "../pages/layout.ts";
import { queuesPage } from "../pages/queues.ts";
import { type QueueAction, type QueueDesk, queueActions } from "../queue-desk.ts";
import { failure } from "../schemas.ts";

const moment = z.iso.datetime();
const queue = z
  .object({
    queue: z.string(),
    paused: z.boolean(),
    pipelines: z.array(
      z.object({
        ...{ pipeline: z.string(), version: z.string(), kind: z.string(), waiting: z.number(), active: z.number() },
        ...{ done: z.number(), failed: z.number(), oldest: z.number().nullable() },
      }),
    ),
    workers: z.array(
      z.object({
        ...{ host: z.string(), pid: z.number(), since: moment, silent: z.number(), lost: z.boolean() },
        ...{ concurrency: z.number(), pipelines: z.array(z.string()), runs: z.number(), sources: z.number() },
        doing: z.array(z.object({ pipeline: z.string(), step: z.string(), source: z.string() })),
      }),
    ),
    dead: z.array(
      z.object({
        ...{ id: z.string(), pipeline: z.string(), run: z.string(), step: z.string().nullable() },
        ...{ source: z.string().nullable(), error: z.string(), at: moment },
      }),
    ),
  })
  .openapi("Queue");

const name = z.object({ name: z.string() });
const json = <T extends z.ZodType>(schema: T) => ({ "application/json": { schema } });

const routes = {
  list: createRoute({
    method: "get",
    path: "/api/queues",
    summary: "The queues, with what waits in them, who works on it, and what could not be done",
    responses: { 200: { description: "Queues.", content: json(z.array(queue)) }, ...failure },
  }),
  one: createRoute({
    method: "get",
    path: "/api/queues/{name}",
    summary: "A queue",
    request: { params: name },
    responses: { 200: { description: "The queue.", content: json(queue) }, ...failure },
  }),
  act: createRoute({
    method: "post",
    path: "/api/queues/{name}/{action}",
    summary: "Pause or resume a queue, go on with what could not be done, or remove jobs",
    request: { params: name.extend({ action: z.enum(queueActions) }) },
    responses: { 200: { description: "It was done.", content: json(z.object({ done: z.string() })) }, ...failure },
  }),
};

/** The page of queues, and the same as an API. */
export function queueRoutes(app: OpenAPIHono, { config }: ServiceContext, desk: QueueDesk): void {
  app.openapi(routes.list, async (context) => {
    return context.json(
      (await desk.list()).map((status) => jsonOf(status, config)),
      200,
    );
  });
  app.openapi(routes.one, async (context) => {
    return context.json(jsonOf(await desk.status(context.req.valid("param").name), config), 200);
  });
  app.openapi(routes.act, async (context) => {
    const { name, action } = context.req.valid("param");
    return context.json({ done: await desk.act(name, action) }, 200);
  });

  app.get("/queues", async (context) => {
    const queues = (await desk.list()).map((status) => ({ ...status, dead: shownDead(status, config) }));
    return page(context, { title: "Queues", place: "queues", body: queuesPage(queues, context.req.query("done")) });
  });
  app.post("/queues/act", async (context) => {
    const { queue, action } = await context.req.parseBody();
    const known = queueActions.find((each) => each === action);
    if (!known) throw new HTTPException(400, { message: `There is no action "${String(action)}".` });
    const done = await desk.act(String(queue), known satisfies QueueAction);
    return context.redirect(`/queues?done=${encodeURIComponent(done)}`, 303);
  });
}

function shownDead({ dead }: QueueStatus, config: Config): QueueStatus["dead"] {
  return dead.map((job) => ({ ...job, error: withoutPaths(job.error, config) }));
}

function jsonOf(status: QueueStatus, config: Config) {
  return {
    ...status,
    pipelines: [...status.pipelines],
    workers: status.workers.map(({ since, pipelines, doing, ...worker }) => {
      return { ...worker, since: since.toISOString(), pipelines: [...pipelines], doing: [...doing] };
    }),
    dead: shownDead(status, config).map(({ at, ...job }) => ({ ...job, at: at.toISOString() })),
  };
}

import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import type { Config } from "../config/settings.ts";
import type { Logger } from "../contracts/logger.ts";
import { type FailureAnswer, failureAnswer } from "./answers.ts";
import type { ServiceContext } from "./context.ts";
import { limitRate, onlyOwnNames, onlyOwnOrigin, onlyWithToken } from "./guards.ts";
import { HealthWatch } from "./health.ts";
import { page } from "./pages/layout.ts";
import { problemPage } from "./pages/problem.ts";
import { ownPath, placed } from "./place.ts";
import { assetRoutes } from "./routes/assets.ts";
import { backupRoutes } from "./routes/backups.ts";
import { dataRoutes } from "./routes/data.ts";
import { healthRoutes } from "./routes/health.ts";
import { loginRoutes } from "./routes/login.ts";
import { countRequests, metricsRoutes } from "./routes/metrics.ts";
import { pageRoutes } from "./routes/pages.ts";
import { quarantineRoutes } from "./routes/quarantine.ts";
import { queueRoutes } from "./routes/queues.ts";
import { runPageRoutes } from "./routes/run-pages.ts";
import { runRoutes } from "./routes/runs.ts";
import { seriesRoutes } from "./routes/series.ts";
import { sourceRoutes } from "./routes/sources.ts";
import { versionRoutes } from "./routes/versions.ts";
import { RunDesk } from "./run-desk.ts";

/** Bytes that the body of a request may have. */
const mostBytes = 1_000_000;

/**
 * The HTTP service of a factory's storages, as a Hono app: to be served by `serve`, or mounted in an app of one's own with
 * `app.route("/millrace", service({ … }))`.
 */
export function service(
  context: ServiceContext,
  { desk = new RunDesk(context), watch = new HealthWatch(context.factory.storages), others }: ServiceParts = {},
): OpenAPIHono {
  const { config, logger } = context;
  const app = newApp(config, logger);
  app.use(placed(context.among));
  const counted = countRequests(app);
  app.use(...guards(config));
  app.use((context, next) => {
    context.set("hasQueue", desk.queues !== null);
    return next();
  });
  healthRoutes(app, watch, desk);
  metricsRoutes(app, counted);
  sourceRoutes(app, context);
  dataRoutes(app, context);
  seriesRoutes(app, context);
  assetRoutes(app);
  loginRoutes(app, config);
  runRoutes(app, desk);
  runPageRoutes(app, desk);
  pageRoutes(app, context, { watch, desk, others });
  versionRoutes(app, context);
  quarantineRoutes(app, context, desk);
  backupRoutes(app, context);
  if (desk.queues) queueRoutes(app, context, desk.queues);
  describeApi(app, "The frames of a project's storages.");
  return app;
}

/** What a service has that others may want to look at. */
export interface ServiceParts {
  /** Where runs are begun. */
  readonly desk?: RunDesk;
  readonly watch?: HealthWatch;
  /** Pipelines of other services, whose runs may stand in the same ledger. */
  readonly others?: ReadonlySet<string>;
}

/** An app that answers failures, without a route. */
export function newApp(config: Config, logger: Logger): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook(result) {
      if (result.success) return;
      const what = result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
      throw new HTTPException(400, { message: `The request is wrong: ${what}.` });
    },
  });
  app.onError((error, context) => {
    const answer = failureAnswer(error, config);
    if (answer.status === 500) logger.error({ err: error }, "A request failed");
    return answerWith(context, answer);
  });
  app.notFound((context) =>
    answerWith(context, { status: 404, error: { code: "HTTP_404", message: "There is nothing under this address." } }),
  );
  return app;
}

/** Serves the description of all routes so far. */
export function describeApi(app: OpenAPIHono, description: string): void {
  app.doc("/api/openapi.json", { openapi: "3.0.0", info: { title: "millrace", version: "1", description } });
}

function refuseLarge(): never {
  throw new HTTPException(413, { message: `The request's body has more than ${mostBytes / 1_000_000} MB.` });
}

/** What every request passes first. */
export function guards(config: Config): MiddlewareHandler[] {
  return [
    secureHeaders({
      // Without a referrer a browser sends its own pages' forms with the origin "null".
      referrerPolicy: "same-origin",
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        ...{ baseUri: ["'none'"], formAction: ["'self'"], frameAncestors: ["'none'"], objectSrc: ["'none'"] },
      },
    }),
    onlyOwnNames(config),
    onlyOwnOrigin,
    limitRate(config),
    onlyWithToken(config),
    bodyLimit({ maxSize: mostBytes, onError: refuseLarge }),
  ];
}

/** A page for a browser that asked for one, JSON for all else. A browser that has to show the token is led to where it can. */
function answerWith(context: Context, answer: FailureAnswer) {
  const path = ownPath(context);
  const isPage = !path.startsWith("/api/") && (context.req.header("accept") ?? "").includes("text/html");
  if (!isPage) return context.json({ error: answer.error }, answer.status);
  if (answer.status === 401) return context.redirect(`/login?next=${encodeURIComponent(path)}`, 303);
  return page(context, { title: "Problem", body: problemPage(answer) }, answer.status);
}

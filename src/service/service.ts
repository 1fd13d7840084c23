import { OpenAPIHono } from "@hono/zod-openapi";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { failureAnswer } from "./answers.ts";
import type { ServiceContext } from "./context.ts";
import { limitRate, onlyOwnNames, onlyOwnOrigin, onlyWithToken } from "./guards.ts";
import { dataRoutes } from "./routes/data.ts";
import { healthRoutes } from "./routes/health.ts";
import { countRequests, metricsRoutes } from "./routes/metrics.ts";
import { sourceRoutes } from "./routes/sources.ts";

/** Bytes that the body of a request may have. */
const mostBytes = 1_000_000;

/**
 * The HTTP service of a factory's storages, as a Hono app: to be served by `serve`, or mounted in an app of one's own with
 * `app.route("/data", service({ … }))`.
 */
export function service(context: ServiceContext): OpenAPIHono {
  const { config, logger } = context;
  const app = new OpenAPIHono({
    defaultHook(result) {
      if (result.success) return;
      const what = result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
      throw new HTTPException(400, { message: `The request is wrong: ${what}.` });
    },
  });
  app.onError((error, { json }) => {
    const { status, error: told } = failureAnswer(error, config);
    if (status === 500) logger.error({ err: error }, "A request failed");
    return json({ error: told }, status);
  });
  app.notFound(({ json }) =>
    json({ error: { code: "HTTP_404", message: "There is nothing under this address." } }, 404),
  );
  const counted = countRequests(app);
  app.use(
    secureHeaders({
      contentSecurityPolicy: { defaultSrc: ["'self'"], frameAncestors: ["'none'"], objectSrc: ["'none'"] },
    }),
  );
  app.use(onlyOwnNames(config), onlyOwnOrigin, limitRate(config), onlyWithToken(config));
  app.use(bodyLimit({ maxSize: mostBytes }));
  healthRoutes(app, context);
  metricsRoutes(app, counted);
  sourceRoutes(app, context);
  dataRoutes(app, context);
  app.doc("/api/openapi.json", {
    openapi: "3.0.0",
    info: { title: "millrace", version: "1", description: "The frames of a project's storages." },
  });
  return app;
}

import type { OpenAPIHono } from "@hono/zod-openapi";
import type { ServicesContext } from "./context.ts";
import { HealthWatch } from "./health.ts";
import { gatherOverview } from "./overview.ts";
import { page } from "./pages/layout.ts";
import { servicesOverview } from "./pages/overview.ts";
import { assetRoutes } from "./routes/assets.ts";
import { loginRoutes } from "./routes/login.ts";
import { servicesRoutes } from "./routes/services.ts";
import { RunDesk } from "./run-desk.ts";
import { describeApi, guards, newApp, service } from "./service.ts";

/**
 * Several services as one app: a page over all of them, and each with its own pages and its own API below `/services/<name>`.
 * It has to stand at the root.
 *
 * @param desks where runs of each service are begun.
 */
export function services(
  { services: all, config, logger }: ServicesContext,
  desks = all.map((each) => new RunDesk(each)),
): OpenAPIHono {
  const app = newApp(config, logger);
  const { SERVICE_HOST, SERVICE_TOKEN, SERVICE_NAMES, SERVICE_RATE } = config;
  const owned = new Set(all.flatMap(({ pipelines = [] }) => pipelines.map((pipeline) => pipeline.name)));
  const parts = all.map(({ name, ...own }, i) => {
    const base = `/services/${encodeURIComponent(name)}`;
    const desk = desks[i] ?? new RunDesk(own);
    const watch = new HealthWatch(own.factory.storages);
    const others = new Set([...owned].filter((pipeline) => !desk.has(pipeline)));
    const settings = { ...own.config, SERVICE_HOST, SERVICE_TOKEN, SERVICE_NAMES, SERVICE_RATE };
    const context = { ...own, config: settings, among: { name, base, home: "/" } };
    // It has guards of its own, so that those below count none of its requests.
    app.mount(base, service(context, { desk, watch, others }).fetch);
    return { name, base, desk, watch, others, factory: own.factory };
  });
  app.use(...guards(config));
  assetRoutes(app);
  loginRoutes(app, config);
  servicesRoutes(app, parts);
  app.get("/", async (context) => {
    const found = parts.map(async (part) => ({ ...part, ...(await gatherOverview(part.factory, part)) }));
    return page(context, { title: "Services", bar: false, body: servicesOverview(await Promise.all(found)) });
  });
  describeApi(
    app,
    "The services of a folder. Each has an API of its own, described at /services/{service}/api/openapi.json.",
  );
  return app;
}

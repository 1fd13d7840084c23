import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { OpenAPIHono } from "@hono/zod-openapi";

const own = (name: string) => new URL(`../assets/${name}`, import.meta.url);
const ofPlot = (name: string) => createRequire(import.meta.url).resolve(`uplot/dist/${name}`);

/** Every file that a page may ask for. */
const assets: Readonly<Record<string, { file: () => string | URL; type: string }>> = {
  "app.css": { file: () => own("app.css"), type: "text/css" },
  "app.js": { file: () => own("app.js"), type: "text/javascript" },
  "chart.js": { file: () => own("chart.js"), type: "text/javascript" },
  "icon.svg": { file: () => own("icon.svg"), type: "image/svg+xml" },
  "uplot.js": { file: () => ofPlot("uPlot.iife.min.js"), type: "text/javascript" },
  "uplot.css": { file: () => ofPlot("uPlot.min.css"), type: "text/css" },
};

export function assetRoutes(app: OpenAPIHono): void {
  app.get("/assets/:name", async (context) => {
    const name = context.req.param("name");
    const asset = Object.hasOwn(assets, name) ? assets[name] : undefined;
    if (!asset) return context.notFound();
    context.header("Content-Type", `${asset.type}; charset=utf-8`);
    context.header("Cache-Control", "max-age=300");
    return context.body(await readFile(asset.file(), "utf8"));
  });
}

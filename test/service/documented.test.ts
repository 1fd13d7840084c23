import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { startService } from "./start.ts";

const text = readFileSync(new URL("../../docs/service.md", import.meta.url), "utf8");
/** Routes of queues are there where one is configured: queues.test.ts looks at them. */
const documented = [...text.matchAll(/^\| `(GET|POST) (\/[^`]*)`/gm)]
  .map(([, method, path]) => `${method} ${path}`)
  .filter((route) => !route.includes("/api/queues"));

test("docs/service.md has every route of the OpenAPI document, and no other", async () => {
  await using service = await startService();
  const { paths } = JSON.parse(await (await service.get("/api/openapi.json")).text());
  const described = Object.entries(paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(documented.toSorted()).toEqual(described.sort());
});

test("each route in docs/service.md is there", async () => {
  await using service = await startService();
  for (const route of documented) {
    const [method = "", path = ""] = route.split(" ");
    const answer = await service.get(path.replace(/\{\w+\}/g, "nothing"), { method });
    const { error } = answer.ok ? { error: undefined } : JSON.parse(await answer.text());
    expect([route, error?.code === "HTTP_404"]).toEqual([route, false]);
  }
});

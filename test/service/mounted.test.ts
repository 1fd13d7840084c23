import { Hono } from "hono";
import { expect, test } from "vitest";
import { service } from "../../src/service/service.ts";
import { startService } from "./start.ts";

test("a service that is mounted in another app leads to its own pages and files there", async () => {
  await using started = await startService({ "prices.csv": 'id,note\n1,"href=""/x"""\n' });
  const context = { factory: started.factory, config: started.config, logger: started.logger };
  const app = new Hono().route("/inner", service(context));
  const ask = (path: string, init: RequestInit = {}) =>
    app.request(`http://localhost${path}`, { ...init, headers: { host: "localhost", accept: "text/html" } });
  const page = await (await ask("/inner/data/csv/prices.csv")).text();
  const addresses = [...page.matchAll(/ (?:href|src|action)="(\/[^"]*)"/g)].map(([, address]) => address);
  expect(addresses.filter((address) => !/^\/inner(\/|$)/.test(address ?? ""))).toEqual([]);
  expect(page).toContain("href=&quot;/x&quot;");
  for (const address of addresses) expect([address, (await ask(address as string)).status]).toEqual([address, 200]);
  const led = await ask("/inner/backups/prove", {
    method: "POST",
    body: new URLSearchParams({ backup: "csv:nothing" }),
  });
  expect(led.status).toBe(404);
});

test("with a token a mounted service asks for it, and leads back", async () => {
  await using started = await startService({ "a.csv": "x\n1\n" });
  const config = { ...started.config, SERVICE_TOKEN: "a long enough secret" };
  const app = new Hono().route("/inner", service({ factory: started.factory, config, logger: started.logger }));
  const ask = (path: string) =>
    app.request(`http://localhost${path}`, { headers: { host: "localhost", accept: "text/html" } });
  const led = await ask("/inner/data");
  expect([led.status, led.headers.get("location")]).toEqual([303, "/inner/login?next=%2Fdata"]);
  expect((await ask("/inner/login")).status).toBe(200);
  expect((await ask("/inner/health")).status).not.toBe(401);
});

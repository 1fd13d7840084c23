import { request } from "node:http";
import { expect, test } from "vitest";
import { startService } from "./start.ts";

const token = "a long enough secret text";

test.each([
  ["/api/data/csv/nothing", 404, "FRAME_NOT_FOUND"],
  ["/api/data/csv/..%2F..%2Fetc%2Fpasswd", 400, "NAME_INVALID"],
  ["/api/data/csvv/x", 400, "TYPE_UNKNOWN"],
  ["/api/data/csv/a?limit=-1", 400, "HTTP_400"],
  ["/api/data/csv/a?columns=zz", 400, "SCHEMA_MISMATCH"],
  ["/api/data/csv/ragged", 500, "DATA_CORRUPT"],
  ["/nothing", 404, "HTTP_404"],
])("%s is answered with %i and a code, and without a path or a stack", async (path, status, code) => {
  await using service = await startService({ "a.csv": "x\n1\n", "ragged.csv": "a,b\n1\n" });
  const answer = await service.get(path);
  const text = await answer.text();
  expect(answer.status).toBe(status);
  expect(JSON.parse(text)).toMatchObject({ error: { code, message: expect.stringMatching(/./) } });
  expect(text).not.toContain(service.folder);
  expect(text).not.toMatch(/ at |\.ts:/);
});

test("only its own host names are answered, so that no stranger's name can lead here", async () => {
  await using service = await startService({}, { SERVICE_NAMES: "data.example.org" });
  expect(await statusOf(service.url, { host: "evil.example.com" })).toBe(421);
  expect(await statusOf(service.url, { host: "data.example.org" })).not.toBe(421);
  expect(await statusOf(service.url, { host: "localhost:1" })).not.toBe(421);
});

test("a page of another origin gets nothing", async () => {
  await using service = await startService();
  expect(await statusOf(service.url, { origin: "https://evil.example.com" })).toBe(403);
  expect(await statusOf(service.url, { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" })).toBe(403);
  expect(await statusOf(service.url, { origin: service.url, "sec-fetch-site": "same-origin" })).not.toBe(403);
});

test("with a token, all but /health wants it, in a header or in a cookie", async () => {
  await using service = await startService({}, { SERVICE_TOKEN: token });
  expect((await service.get("/api/sources?storage=csv")).status).toBe(401);
  expect((await service.get("/metrics")).status).toBe(401);
  expect((await service.get("/health")).status).not.toBe(401);
  // Without its style and its script the page to log in would be bare.
  for (const file of ["app.css", "app.js", "icon.svg"]) expect((await service.get(`/assets/${file}`)).status).toBe(200);
  const bearer = { authorization: `Bearer ${token}` };
  expect((await service.get("/api/sources?storage=csv", { headers: bearer })).status).toBe(200);
  const wrong = { authorization: `Bearer ${token}x` };
  expect((await service.get("/api/sources?storage=csv", { headers: wrong })).status).toBe(401);
});

test("an address that others reach is refused without a token, and a short token too", async () => {
  await expect(startService({}, { SERVICE_HOST: "0.0.0.0" })).rejects.toMatchObject({ name: "ConfigError" });
  await expect(startService({}, { SERVICE_TOKEN: "short" })).rejects.toMatchObject({ name: "ConfigError" });
});

test("a port that is taken is told", async () => {
  await using service = await startService();
  const port = Number(new URL(service.url).port);
  await expect(startService({}, { SERVICE_PORT: port })).rejects.toMatchObject({
    name: "UnavailableError",
    hint: expect.stringContaining("SERVICE_PORT"),
  });
});

test("a body that is too large is refused, and the answer says how large one may be", async () => {
  await using service = await startService();
  const answer = await service.get("/login", { method: "POST", body: "x".repeat(1_100_000) });
  expect(answer.status).toBe(413);
  expect(await answer.json()).toMatchObject({ error: { message: "The request's body has more than 1 MB." } });
});

test("whoever asks too often is told to wait", async () => {
  await using service = await startService({}, { SERVICE_RATE: 1 });
  const statuses = await Promise.all(Array.from({ length: 12 }, () => statusOf(service.url, {})));
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(3);
  expect(statuses.filter((status) => status !== 429).length).toBeGreaterThan(3);
});

test("requests are counted by route, and the document describes every route", async () => {
  await using service = await startService({ "a.csv": "x\n1\n" });
  await service.get("/api/data/csv/a");
  const metrics = await (await service.get("/metrics")).text();
  expect(metrics).toMatch(
    /millrace_http_requests_total\{method="GET",route="\/api\/data\/:storage\/:name",status="200"\} 1/,
  );
  const { paths } = JSON.parse(await (await service.get("/api/openapi.json")).text());
  expect(Object.keys(paths)).toEqual(expect.arrayContaining(["/health", "/api/sources", "/api/data/{storage}/{name}"]));
});

/** With headers that `fetch` does not let one set. */
function statusOf(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/api/openapi.json`, { headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on("error", reject).end();
  });
}

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { notifyWebhook } from "../../examples/notify-webhook.ts";
import type { RunHook } from "../../src/pipelines/definition.ts";

type Result = Parameters<RunHook>[0];

const result = {
  ...{
    id: "r1",
    pipeline: "daily-prices",
    version: "1",
    state: "done",
    resumed: 0,
    by: "host:1",
    request: {},
    parent: null,
  },
  ...{
    began: new Date("2024-03-01T10:00:00Z"),
    ended: new Date("2024-03-01T10:00:42Z"),
    rows: 7,
    bytes: 1,
    error: null,
  },
  ...{ steps: [], cause: undefined },
} satisfies Result;

const failed: Result = {
  ...result,
  state: "failed",
  error: { name: "SchemaError", message: 'Column "close" breaks notNull() in row 3 (null).', retryable: false },
};

async function server(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const listening = createServer(answer).listen(0, "127.0.0.1");
  await once(listening, "listening");
  onTestFinished(() => {
    listening.closeAllConnections();
    listening.close();
  });
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}/secret-token`;
}

const call = (hook: RunHook, run: Result) => Promise.resolve(hook(run, {} as Parameters<RunHook>[1]));

test("a webhook is told what failed, in a text for a chat and in facts", async () => {
  const bodies: unknown[] = [];
  const url = await server(async (request, response) => {
    bodies.push([request.method, request.headers["content-type"], JSON.parse(await text(request))]);
    response.end("ok");
  });
  await call(notifyWebhook(url), failed);
  await call(notifyWebhook(url), result);
  expect(bodies).toEqual([
    [
      "POST",
      "application/json",
      expect.objectContaining({
        text: 'daily-prices failed: Column "close" breaks notNull() in row 3 (null).',
        run: "r1",
        state: "failed",
      }),
    ],
    [
      "POST",
      "application/json",
      expect.objectContaining({ text: "daily-prices done, 7 rows in 42 s", error: null, seconds: 42 }),
    ],
  ]);
});

test("a webhook that does not answer is given up after its time, and its address stays secret", async () => {
  const url = await server(() => {});
  const error = await call(notifyWebhook(url, { timeoutMs: 50 }), result).catch((cause: Error) => cause);
  expect(String(error)).toMatch(/did not answer within 50 ms/);
  expect(String(error)).not.toContain("secret-token");
});

test("a webhook that answers with an error, or sends elsewhere, is an error", async () => {
  const wrong = await server((_, response) => response.writeHead(500).end());
  await expect(call(notifyWebhook(wrong), result)).rejects.toThrow("answered 500");
  const elsewhere = await server((_, response) => response.writeHead(302, { location: "/x" }).end());
  await expect(call(notifyWebhook(elsewhere), result)).rejects.toThrow("could not be reached");
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { frame } from "../../../src/frame/frame.ts";
import { storageChecks } from "../../../src/testing/index.ts";
import { startAzure } from "./azure.ts";
import { openArctic } from "./open.ts";

const server = await startAzure();
const opened = await openArctic(server.settings("frames"));

afterAll(async () => {
  await opened[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

describe("arctic on Azure keeps the rules of every storage: it", () => {
  beforeAll(() => opened.storage.saver().healthCheck());
  for (const check of storageChecks(opened.storage)) test(check.name, () => check.run(), 120_000);
});

test("a container that is missing is told as that, in every call, and is not healthy", async () => {
  await using elsewhere = await openArctic(server.settings("nowhere"));
  const { storage } = elsewhere;
  const missing = { name: "UnavailableError", hint: expect.stringMatching(/Container/) };
  await expect(storage.saver().saveData(frame({ a: [1] }), "a")).rejects.toMatchObject(missing);
  await expect(storage.source().getData("a")).rejects.toMatchObject(missing);
  expect(await storage.saver().healthCheck()).toBe(false);
});

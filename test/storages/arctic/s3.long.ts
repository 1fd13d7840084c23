import { afterAll, beforeAll, describe, test } from "vitest";
import { storageChecks } from "../../../src/testing/index.ts";
import { openArctic } from "./open.ts";
import { startS3 } from "./s3.ts";

const server = await startS3();
const opened = await openArctic(server.settings);

describe("arctic on S3 keeps the rules of every storage: it", () => {
  beforeAll(() => opened.storage.saver().healthCheck());
  for (const check of storageChecks(opened.storage)) test(check.name, () => check.run(), 120_000);
  afterAll(async () => {
    await opened[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
});

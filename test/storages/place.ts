import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { settings } from "../../src/config/settings.ts";
import type { Logger } from "../../src/contracts/logger.ts";
import type { StorageContext } from "../../src/storages/context.ts";

/** A context with folders of its own, removed after the test, and what was logged. */
export async function freshContext(
  more: Record<string, unknown> = {},
): Promise<StorageContext & { root: string; lines: string[] }> {
  const root = await mkdtemp(join(tmpdir(), "millrace-test-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const lines: string[] = [];
  const keep: Logger["info"] = (first: object | string, message?: string) => {
    lines.push(typeof first === "string" ? first : (message ?? ""));
  };
  const logger = { debug: keep, info: keep, warn: keep, error: keep };
  const config = settings.parse({ FS_DATA: join(root, "data"), FS_TEMP: join(root, "temp"), ...more });
  return { config, logger, root, lines };
}

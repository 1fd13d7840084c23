/**
 * The process that is stopped. It opens the storage, says that it is ready, waits for a line, saves, and tells the steps that the
 * save took. Its one argument is a `CrashRequest` as JSON.
 */

import { once } from "node:events";
import { writeSync } from "node:fs";
import type { CrashAnswer, CrashRequest, OpenStorage } from "./request.ts";
import { crashSave } from "./saves.ts";
import { Steps } from "./steps.ts";

const say = writeSync;
const request = JSON.parse(process.argv[2] ?? "{}") as CrashRequest;
const { by } = request;
const controller = new AbortController();
const reason = new Error("stopped by the crash kit");
const steps = await new Steps(() => {
  if (by === "abort") controller.abort(reason);
  else process.kill(process.pid, by);
}).watch();
const { open } = (await import(request.module)) as { open: OpenStorage };
const storage = await open(...request.args);
const saver = storage.saver?.();
if (!saver) throw new Error(`${storage.type} has no saver.`);
const { save } = crashSave(request.kind, request.rows, request.keyed);
say(1, "ready\n");
await once(process.stdin, "data");
process.stdin.once("data", () => controller.abort(reason)).unref();
steps.begin(request.stopAt);
let outcome: CrashAnswer["outcome"] = "saved";
try {
  await save(saver, request.name, by === "abort" ? { signal: controller.signal } : {});
} catch (cause) {
  if (cause !== reason) throw cause;
  outcome = "aborted";
}
steps.end();
say(1, `${JSON.stringify({ outcome, steps: steps.names } satisfies CrashAnswer)}\n`);
await storage.close?.();
process.exit(0);

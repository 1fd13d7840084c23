/**
 * The process that is killed. It opens the storage, says that it is ready, waits for a line, saves, and tells the steps that the
 * save took. Its one argument is a `CrashRequest` as JSON.
 */

import { once } from "node:events";
import { writeSync } from "node:fs";
import type { CrashRequest, OpenStorage } from "./request.ts";
import { crashSave } from "./saves.ts";
import { Steps } from "./steps.ts";

const steps = await new Steps().watch();
const say = writeSync;
const request = JSON.parse(process.argv[2] ?? "{}") as CrashRequest;
const { open } = (await import(request.module)) as { open: OpenStorage };
const storage = await open(...request.args);
const saver = storage.saver?.();
if (!saver) throw new Error(`${storage.type} has no saver.`);
const { save } = crashSave(request.kind, request.rows);
say(1, "ready\n");
await once(process.stdin, "data");
steps.begin(request.stopAt);
await save(saver, request.name);
steps.end();
say(1, `${JSON.stringify(steps.names)}\n`);
await storage.close?.();
process.exit(0);

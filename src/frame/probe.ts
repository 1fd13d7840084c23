import { fileURLToPath } from "node:url";
import { run } from "../system/run.ts";

const limitMs = 120_000;

/**
 * Why an Arrow file can't be read, or null when it can: tried in a process of its own, since polars ends its whole process over
 * some damaged files. For files that others made; it costs a third of a second. A damaged value that is still a value is not seen.
 */
export async function unreadable(path: string, signal?: AbortSignal): Promise<string | null> {
  const script = import.meta.url.endsWith(".ts") ? "./probe-child.ts" : "./probe-child.js";
  const { code, stderr } = await run(process.execPath, [fileURLToPath(new URL(script, import.meta.url)), path], {
    ...{ name: "the reader of an Arrow file", timeoutMs: limitMs },
    ...(signal && { signal }),
  });
  if (code === 0) return null;
  const [reason] = /called `Result::unwrap.*|Error: .*|panicked at .*/.exec(stderr) ?? ["reading it ends the process"];
  return reason.slice(0, 300);
}

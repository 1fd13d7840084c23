/** The process of one case: `node bench/harness/case.ts <area> <case> <context as JSON>`, told by messages what to do. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { BenchCase, Prepared } from "../harness.ts";

const [area = "", name = "", context = "{}"] = process.argv.slice(2);

async function prepare(): Promise<Prepared> {
  const { cases }: { cases: readonly BenchCase[] } = await import(`../${area}.ts`);
  const found = cases.find((each) => each.name === name);
  if (!found || !("prepare" in found)) throw new Error(`${area} has no case "${name}" in code`);
  return found.prepare(JSON.parse(context));
}

async function act(prepared: Prepared, order: "round" | "close"): Promise<void> {
  if (order === "close") {
    await prepared.close?.();
    process.disconnect?.();
    return;
  }
  await prepared.before?.();
  process.send?.({ started: true });
  process.send?.(await measure(prepared));
}

async function measure(subject: Prepared): Promise<{ ms: number; blockMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const started = performance.now();
  const told = await subject.run();
  const ms = performance.now() - started;
  // A block at the very end shows once the monitor's timer has fired again.
  await new Promise((resolve) => setTimeout(resolve, 5));
  delay.disable();
  return { ms: typeof told === "number" ? told : ms, blockMs: delay.max / 1e6 };
}

function fail(cause: unknown): void {
  console.error(cause);
  process.send?.({ failed: cause instanceof Error ? cause.message : String(cause) }, () => process.exit(1));
}

await prepare().then((prepared) => {
  process.on("message", (order: "round" | "close") => void act(prepared, order).catch(fail));
  process.send?.({ ready: true });
}, fail);

import type { GlobalOptions } from "../options.ts";
import { printJson, printLines, say, tableLines } from "../output.ts";
import { withQueue } from "./open.ts";

/** Prints what waits, what is worked on, and what could not be done. */
export function status(name: string | undefined, options: GlobalOptions): Promise<void> {
  return withQueue(name, options, async (queue, shown) => {
    const found = await queue.status();
    if (options.json) return printJson(found);
    if (found.paused) printLines([`The queue ${shown} is paused.`]);
    if (found.pipelines.length === 0) say(`Nothing waits in ${shown}.`, options);
    else {
      const rows = found.pipelines.map(({ pipeline, version, kind, waiting, active, done, failed, oldest }) => [
        ...[pipeline, version, kind, String(waiting), String(active), String(done), String(failed)],
        oldest === null ? "" : `${Math.round(oldest)} s`,
      ]);
      printLines(tableLines(["pipeline", "version", "jobs", "waiting", "active", "done", "failed", "oldest"], rows));
    }
    const workers = found.workers.map(({ host, pid, silent, lost, sources, concurrency, runs }) => [
      ...[host, String(pid), `${Math.round(silent)} s ago${lost ? ", lost" : ""}`],
      ...[`${sources} of ${concurrency}`, String(runs)],
    ]);
    if (workers.length > 0) printLines(["", ...tableLines(["worker", "process", "seen", "sources", "runs"], workers)]);
    if (found.dead.length === 0) return;
    const dead = found.dead.map(({ run, step, source, error }) => [run, step ?? "", source ?? "", error]);
    printLines(["", "Could not be done:", ...tableLines(["run", "step", "source", "error"], dead, 80)]);
  });
}

import { MillraceError } from "../errors.ts";
import type { GlobalOptions } from "./options.ts";
import { printJson, printLines, say } from "./output.ts";
import { reportError } from "./report-error.ts";
import { inSession } from "./session.ts";

/**
 * Prints the name of every frame as `storage:name`, which `show` takes. Of all storages it prints those that answer; one that does not
 * is told on stderr and decides the exit code.
 */
export function list(storage: string | undefined, options: GlobalOptions): Promise<void> {
  return inSession(options, async ({ factory }) => {
    const frames: { storage: string; name: string }[] = [];
    for (const type of storage === undefined ? factory.listDataSources() : [storage]) {
      try {
        const names = await factory.createDataSource(type).listSources();
        frames.push(...names.map((name) => ({ storage: type, name })));
      } catch (error) {
        if (storage !== undefined || !(error instanceof MillraceError)) throw error;
        process.exitCode = reportError(error, { json: options.json === true, verbose: options.verbose === true });
      }
    }
    if (options.json) return printJson(frames);
    printLines(frames.map(({ storage: type, name }) => `${type}:${name}`));
    if (frames.length === 0) say(`No frames${storage === undefined ? "" : ` in ${storage}`}.`, options);
  });
}

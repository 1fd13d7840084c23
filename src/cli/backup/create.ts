import { NotFoundError } from "../../errors.ts";
import { parseFrame } from "../frame-name.ts";
import type { GlobalOptions } from "../options.ts";
import { printJson, printLines, say } from "../output.ts";
import { inSession } from "../session.ts";

/** Backs up one frame, given as `storage:name`, or all frames of a storage; prints the locations. */
export function create(what: string, options: GlobalOptions): Promise<void> {
  const [storage, name] = what.includes(":") ? parseFrame(what) : [what, undefined];
  return inSession(options, async ({ factory }) => {
    const service = factory.createDataBackup(storage);
    const made = name === undefined ? await service.backupAll() : [await one(name)];
    if (options.json) return printJson(made.map(([source, location]) => ({ storage, source, location })));
    printLines(made.map(([, location]) => location));
    if (made.length === 0) say(`There is nothing to back up in ${storage}.`, options);

    async function one(source: string): Promise<[source: string, location: string]> {
      const [ok, location] = await service.backupData(source);
      if (ok && location !== null) return [source, location];
      throw new NotFoundError(`There is no frame ${source} in ${storage}.`, {
        storage,
        frame: source,
        hint: `See \`millrace list ${storage}\`.`,
      });
    }
  });
}

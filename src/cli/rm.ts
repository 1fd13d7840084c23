import type { IDelete } from "../contracts/delete.ts";
import { ConfigError, NotFoundError } from "../errors.ts";
import { confirm } from "./confirm.ts";
import { parseFrame } from "./frame-name.ts";
import type { GlobalOptions } from "./options.ts";
import { printJson, say } from "./output.ts";
import { inSession } from "./session.ts";

/** Removes a frame, after asking. Its backups stay. */
export function rm(frame: string, { yes }: { yes?: boolean }, options: GlobalOptions): Promise<void> {
  const [storage, name] = parseFrame(frame);
  return inSession(options, async ({ factory }) => {
    const saver = factory.createDataSaver(storage);
    if (!("deleteData" in saver)) {
      throw new ConfigError(`The storage ${storage} can't remove frames.`, { storage, code: "OPTION_UNSUPPORTED" });
    }
    if (!(await confirm(`Remove ${frame}? Its backups stay.`, yes))) return say("Nothing was removed.", options);
    const removed = await (saver as typeof saver & IDelete).deleteData(name);
    if (!removed) {
      throw new NotFoundError(`There is no frame ${name} in ${storage}.`, {
        storage,
        frame: name,
        hint: `See \`millrace list ${storage}\`.`,
      });
    }
    if (options.json) printJson({ removed: { storage, name } });
    else say(`Removed ${frame}.`, options);
  });
}

import { ConflictError } from "../errors.ts";
import type { GlobalOptions } from "./options.ts";
import { printHelpers, withHelpers } from "./ps.ts";
import { inSession } from "./session.ts";

/** Ends the helper processes of this project and prints those that are gone. Those in use stay, unless forced. */
export function stop({ force }: { force: boolean }, options: GlobalOptions): Promise<void> {
  return inSession(options, async ({ factory }) => {
    const storages = withHelpers(factory.storages);
    const gone = (await Promise.all(storages.map((storage) => storage.stopHelpers({ force })))).flat();
    const left = (await Promise.all(storages.map((storage) => storage.helpers()))).flat();
    printHelpers(gone, "No helper process was ended.", options);
    if (left.length === 0) return;
    const names = left.map(({ name, pid }) => `${name} (process ${pid})`).join(", ");
    throw new ConflictError(`Still running: ${names}.`, {
      hint: "End the programs that use it, or add --force.",
      cause: new Error("A helper that a program uses is left alone."),
    });
  });
}

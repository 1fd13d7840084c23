import type { HelperStatus, IHelpers } from "../contracts/helpers.ts";
import type { IStorage } from "../contracts/storage.ts";
import type { GlobalOptions } from "./options.ts";
import { printJson, printLines, say, tableLines } from "./output.ts";
import { inSession } from "./session.ts";

/** The storages that have helper processes. */
export function withHelpers(storages: readonly IStorage[]): (IStorage & IHelpers)[] {
  return storages.filter((storage): storage is IStorage & IHelpers => "helpers" in storage && "stopHelpers" in storage);
}

/** Prints the helper processes of this project that run now. */
export function ps(options: GlobalOptions): Promise<void> {
  return inSession(options, async ({ factory }) => {
    const found = await Promise.all(withHelpers(factory.storages).map((storage) => storage.helpers()));
    printHelpers(found.flat(), "No helper process runs for this project.", options);
  });
}

/** Prints helpers as a table or as JSON; says so when there is none. */
export function printHelpers(helpers: readonly HelperStatus[], ifNone: string, options: GlobalOptions): void {
  if (options.json || helpers.length === 0) {
    if (options.json) printJson(helpers);
    else say(ifNone, options);
    return;
  }
  const rows = helpers.map(({ name, pid, started, users, where }) => [
    name,
    String(pid),
    started?.toISOString() ?? "",
    users === undefined ? "" : String(users),
    where ?? "",
  ]);
  printLines(tableLines(["helper", "pid", "started", "users", "where"], rows, 100));
}

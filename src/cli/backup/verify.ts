import { CorruptDataError } from "../../errors.ts";
import { findBackup } from "../../factory/find-backup.ts";
import type { GlobalOptions } from "../options.ts";
import { printJson, say } from "../output.ts";
import { inSession } from "../session.ts";

/** `verify` re-reads every byte of a backup; `prove` restores it into a scratch place and compares. */
export function verify(backup: string, way: "verify" | "prove", options: GlobalOptions): Promise<void> {
  return inSession(options, async ({ factory }) => {
    const { service, record } = await findBackup(factory, backup);
    const { location, storage, source } = record;
    const sound = await (way === "verify" ? service.verifyBackup(location) : service.proveBackup(location));
    if (!sound) {
      throw new CorruptDataError(`The backup ${location} is not what its manifest says.`, {
        storage,
        frame: source,
        hint: "Take another one: see `millrace backup list`.",
      });
    }
    if (options.json) return printJson({ [way === "verify" ? "verified" : "proven"]: location });
    say(
      way === "verify" ? `Every byte of ${location} is as it was written.` : `${location} was restored and is equal.`,
      options,
    );
  });
}

import { type Command, InvalidArgumentError } from "commander";
import type { RetentionPolicy } from "../../contracts/restorable-backup.ts";
import { command, furtherCommand, globals, wholeNumber } from "./describe.ts";

const which = "storage:name for the newest, storage:name@number, or a location";

/** Commands about backups: `millrace backup …`. */
export function backupCommands(program: Command): void {
  const backup = furtherCommand(program, "backup", "make, list, check and bring back backups");
  command(backup, "create", "back up a frame, or all of a storage")
    .argument("<what>", "storage:name, or a storage")
    .action(async (what: string, _, self: Command) => {
      const { create } = await import("../backup/create.ts");
      await create(what, globals(self));
    });
  command(backup, "list", "list backups, newest first")
    .argument("[what]", "storage:name, or a storage; all when left out")
    .action(async (what: string | undefined, _, self: Command) => {
      const { list } = await import("../backup/list.ts");
      await list(what, globals(self));
    });
  for (const way of ["verify", "prove"] as const) {
    const summary = {
      verify: "re-read every byte of a backup",
      prove: "restore a backup into a scratch place, and compare",
    };
    command(backup, way, summary[way])
      .argument("<backup>", which)
      .action(async (name: string, _, self: Command) => {
        const { verify } = await import("../backup/verify.ts");
        await verify(name, way, globals(self));
      });
  }
  command(backup, "restore", "bring a backup back; what stands there is backed up first")
    .argument("<backup>", which)
    .option("--as <frame>", "restore it as storage:name")
    .option("--yes", "do not ask")
    .action(async (name: string, own: { as?: string; yes?: boolean }, self: Command) => {
      const { restore } = await import("../backup/restore.ts");
      await restore(name, own, globals(self));
    });
  command(backup, "prune", "remove the backups of a storage that no rule keeps")
    .argument("<storage>", "csv, postgres, arctic")
    .option("--keep-last <n>", "keep the newest of each frame", wholeNumber)
    .option("--keep-daily <n>", "keep the newest of each of so many days", wholeNumber)
    .option("--keep-weekly <n>", "keep the newest of each of so many weeks", wholeNumber)
    .option("--keep-monthly <n>", "keep the newest of each of so many months", wholeNumber)
    .option("--max-age <duration>", "keep those younger, such as 30d or 12h", milliseconds)
    .option("--max-bytes <bytes>", "keep no more than that of each frame", wholeNumber)
    .option("--dry-run", "only print what would be removed")
    .option("--yes", "do not ask")
    .action(async (storage: string, own: RetentionPolicy & { yes?: boolean }, self: Command) => {
      const { prune } = await import("../backup/prune.ts");
      await prune(storage, own, globals(self));
    });
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function milliseconds(text: string): number {
  const [, number, unit = "ms"] = /^(\d{1,12})(ms|s|m|h|d)?$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError("Expected a duration such as 30d or 12h.");
  return Number(number) * (units[unit] as number);
}

import type { Command } from "commander";
import type { CopyArguments } from "../copy.ts";
import { command, furtherCommand, globals, wholeNumber } from "./describe.ts";

/** Commands about frames. */
export function dataCommands(program: Command): void {
  command(program, "list", "list the frames of one storage, or of all")
    .argument("[storage]", "csv, postgres, arctic, temp")
    .action(async (storage: string | undefined, _, self: Command) => {
      const { list } = await import("../list.ts");
      await list(storage, globals(self));
    });
  command(program, "show", "show a frame's columns and first rows")
    .argument("<frame>", "storage:name, such as csv:prices")
    .option("--limit <rows>", "how many rows to show", wholeNumber, 5)
    .action(async (frame: string, { limit }: { limit: number }, self: Command) => {
      const { show } = await import("../show.ts");
      await show(frame, limit, globals(self));
    });
  command(program, "copy", "copy a frame to one or several storages")
    .argument("<from>", "storage:name, such as csv:prices")
    .argument("<to...>", "storage:name, or a storage for the same name")
    .option("--mode <mode>", "replace, append or upsert (default: replace)")
    .option("--key <columns>", "columns that name a row, separated by commas")
    .option("--verify", "read both sides again and compare every row")
    .action(async (from: string, to: string[], own: CopyArguments, self: Command) => {
      const { copy } = await import("../copy.ts");
      await copy(from, to, own, globals(self));
    });
  furtherCommand(program, "migrate", "copy every frame of a storage to another one, and compare each")
    .argument("<from>", "a storage, such as csv")
    .argument("<to>", "a storage, such as postgres")
    .option("--yes", "do not ask before frames that stand there are replaced")
    .action(async (from: string, to: string, own: { yes?: boolean }, self: Command) => {
      const { migrate } = await import("../migrate.ts");
      await migrate(from, to, own, globals(self));
    });
  furtherCommand(program, "query", "print the rows of a SELECT on PostgreSQL")
    .argument("<sql>", "runs in a transaction that can't write")
    .option("--limit <rows>", "how many rows to print", wholeNumber, 100)
    .action(async (sql: string, { limit }: { limit: number }, self: Command) => {
      const { query } = await import("../query.ts");
      await query(sql, { limit }, globals(self));
    });
  furtherCommand(program, "rm", "remove a frame; its backups stay")
    .argument("<frame>", "storage:name, such as csv:prices")
    .option("--yes", "do not ask")
    .action(async (frame: string, own: { yes?: boolean }, self: Command) => {
      const { rm } = await import("../rm.ts");
      await rm(frame, own, globals(self));
    });
}

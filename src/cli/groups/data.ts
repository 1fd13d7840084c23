import type { Command } from "commander";
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

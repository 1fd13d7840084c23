import type { Command } from "commander";
import type { ServeArguments } from "../serve.ts";
import { command, furtherCommand, globals, wholeNumber } from "./describe.ts";

/** Commands about this machine and the project's settings and helpers. */
export function projectCommands(program: Command): void {
  command(program, "doctor", "check this machine and the settings").action(async (_, self: Command) => {
    const { doctor } = await import("../doctor.ts");
    await doctor(globals(self));
  });
  command(program, "serve", "serve data, runs and backups as a dashboard and an API")
    .argument("[files...]", "files of pipelines that may be run from there, such as pipelines/*.ts")
    .option("--port <port>", "default: SERVICE_PORT, 4160; 0 for any that is free", wholeNumber)
    .option("--host <address>", "default: SERVICE_HOST, 127.0.0.1; any other needs SERVICE_TOKEN")
    .option("--no-schedule", "do not run the pipelines at their times")
    .action(async (files: string[], own: ServeArguments, self: Command) => {
      const { serveUntilAsked } = await import("../serve.ts");
      await serveUntilAsked(files, own, globals(self));
    });
  furtherCommand(program, "config", "print every setting and where it came from").action(async (_, self: Command) => {
    const { config } = await import("../config.ts");
    await config(globals(self));
  });
  furtherCommand(program, "ps", "list this project's helper processes").action(async (_, self: Command) => {
    const { ps } = await import("../ps.ts");
    await ps(globals(self));
  });
  furtherCommand(program, "stop", "end this project's helper processes")
    .option("--force", "end those in use, too")
    .action(async ({ force }: { force?: boolean }, self: Command) => {
      const { stop } = await import("../stop.ts");
      await stop({ force: force === true }, globals(self));
    });
  furtherCommand(program, "completion", "print a script that completes commands in a shell")
    .argument("<shell>", "bash or zsh")
    .action(async (shell: string) => {
      const { completion } = await import("../completion.ts");
      completion(shell, program);
    });
}

import type { Command } from "commander";
import type { InitArguments } from "../init/init.ts";
import type { ServeArguments } from "../serve.ts";
import { command, furtherCommand, globals, wholeNumber } from "./describe.ts";

/** Commands about this machine and the project's settings and helpers. */
export function projectCommands(program: Command): void {
  command(program, "init", "write a service that runs at once")
    .argument("[folder]", "a new folder; the present one, when it is empty")
    .option("--storage <storage>", "where results go: csv, postgres or arctic")
    .option("--in <folder>", "write one more service within a folder of services")
    .option("--no-install", "do not run npm install")
    .action(async (folder: string | undefined, own: InitArguments, self: Command) => {
      const { init } = await import("../init/init.ts");
      await init(folder, own, globals(self));
    });
  command(program, "doctor", "check this machine and the settings").action(async (_, self: Command) => {
    const { doctor } = await import("../doctor.ts");
    await doctor(globals(self));
  });
  command(program, "serve", "serve data, runs and backups as a dashboard and an API")
    .argument("[paths...]", "files of pipelines, such as pipelines/*.ts, or folders of services, such as services/*")
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
  furtherCommand(program, "node", "run a program by the Node that millrace found").argument(
    "[arguments...]",
    "what Node is given, such as --test test/*.ts",
  );
  furtherCommand(program, "completion", "print a script that completes commands in a shell")
    .argument("<shell>", "bash or zsh")
    .action(async (shell: string) => {
      const { completion } = await import("../completion.ts");
      completion(shell, program);
    });
}

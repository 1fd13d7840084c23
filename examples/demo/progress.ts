import type { Logger } from "millrace";

/** A pipeline of the demo. `say` shows a line while it runs. */
export interface Task {
  title: string;
  run: (say: (line: string) => void) => Promise<void>;
}

/** Runs the tasks one after the other: live on a terminal, as plain lines elsewhere. All are tried, then it fails. */
export async function runTasks(tasks: readonly Task[]): Promise<Error[]> {
  return process.stdout.isTTY ? runLive(tasks) : runPlain(tasks);
}

async function runPlain(tasks: readonly Task[]): Promise<Error[]> {
  const errors: Error[] = [];
  for (const { title, run } of tasks) {
    print(title);
    try {
      await run((line) => print(`  ${line}`));
    } catch (error) {
      errors.push(error as Error);
      print(`  failed: ${(error as Error).message}`);
    }
  }
  return errors;
}

async function runLive(tasks: readonly Task[]): Promise<Error[]> {
  const { Listr } = await import("listr2");
  const errors: Error[] = [];
  const list = new Listr(
    tasks.map(({ title, run }) => ({
      title,
      rendererOptions: { persistentOutput: true, outputBar: Number.POSITIVE_INFINITY },
      task: async (_, task) => {
        try {
          await run((line) => {
            task.output = line;
          });
        } catch (error) {
          errors.push(error as Error);
          throw error;
        }
      },
    })),
    { exitOnError: false, registerSignalListeners: false, rendererOptions: { showErrorMessage: true } },
  );
  await list.run();
  return errors;
}

/** A logger whose lines, from info on, are shown as progress. */
export function sayingLogger(say: (line: string) => void): Logger {
  const line = (first: string | object, message?: string) => say(typeof first === "string" ? first : (message ?? ""));
  return { debug: () => {}, info: line, warn: line, error: line };
}

export function print(line = ""): void {
  process.stdout.write(`${line}\n`);
}

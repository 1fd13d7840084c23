import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

/** A test's own program in a process of its own. */
export interface Program {
  process: ChildProcess;
  /** Resolves with the next line that it prints; rejects with its stderr when it ends before. */
  line(): Promise<string>;
  /** Resolves with its exit code, or the signal that ended it. */
  ended: Promise<number | string>;
  /** kill -9. */
  kill(): Promise<void>;
}

/** Starts `file` (a URL of a TypeScript module) with arguments. It is killed when the test ends. */
export function startProgram(file: URL, ...args: string[]): Program {
  return supervise(spawn(process.execPath, [file.pathname, ...args]));
}

/** Watches a process that a test started. */
export function supervise(child: ChildProcess): Program {
  let stderr = "";
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, "exit").then(([code, signal]) => code ?? signal);
  const lines = child.stdout ? createInterface({ input: child.stdout })[Symbol.asyncIterator]() : undefined;
  const kill = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  onTestFinished(kill);
  return {
    process: child,
    ended,
    kill,
    async line() {
      const next = await lines?.next();
      if (!next || next.done) throw new Error(`The program ended: ${stderr}`);
      return next.value;
    },
  };
}

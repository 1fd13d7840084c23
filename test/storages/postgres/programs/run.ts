import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Config } from "../../../../src/config/settings.ts";

/** A program of this folder that runs in its own process. */
export interface Program {
  readonly child: ChildProcess;
  /** Resolves when it has written that line. */
  said(line: string): Promise<void>;
  /** Ends it at once, as nothing can prevent. */
  kill(): Promise<void>;
  /** Lets it end in order. */
  end(): Promise<void>;
}

export function startProgram(name: "use" | "save-slowly", config: Config): Program {
  const script = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(config)], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  const seen: string[] = [];
  lines.on("line", (line) => seen.push(line));
  return {
    child,
    async said(line) {
      while (!seen.includes(line)) await Promise.race([once(lines, "line"), exited.then(() => gone(name, line, seen))]);
    },
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
    async end() {
      child.stdin.end();
      await exited;
    },
  };
}

function gone(name: string, line: string, seen: readonly string[]): never {
  if (seen.includes(line)) return undefined as never;
  throw new Error(`${name} ended before it said "${line}".`);
}

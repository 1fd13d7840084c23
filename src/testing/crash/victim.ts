import { spawn } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { CrashRequest } from "./request.ts";

/** A process that saves, and may be killed meanwhile. */
export interface Victim {
  /** Resolves once it is about to save. */
  readonly ready: Promise<void>;
  /** Lets it save. */
  go(): void;
  /** kill -9. */
  kill(): void;
  /** Resolves when it is gone: with the steps of its save, or null when it did not say that it has saved. */
  readonly gone: Promise<{ steps: string[] | null; stderr: string; killed: boolean }>;
}

export function startVictim(request: CrashRequest): Victim {
  const program = fileURLToPath(new URL(`child${extname(import.meta.filename)}`, import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(request)], { stdio: ["pipe", "pipe", "pipe"] });
  let stderr = "";
  let steps: string[] | null = null;
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  // A victim that is killed does not read what it is told.
  child.stdin.on("error", () => {});
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line === "ready") resolve();
    else if (line.startsWith("[")) steps = JSON.parse(line) as string[];
  });
  const gone = once(child, "close").then(([, signal]) => {
    reject(new Error(`The saving process ended before it began to save: ${stderr}`));
    return { steps, stderr, killed: signal === "SIGKILL" };
  });
  ready.catch(() => {});
  return { ready, gone, go: () => child.stdin.write("go\n"), kill: () => child.kill("SIGKILL") };
}

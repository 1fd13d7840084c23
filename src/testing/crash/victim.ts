import { spawn } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { CrashAnswer, CrashRequest } from "./request.ts";

/** A process that saves, and may be stopped meanwhile. */
export interface Victim {
  /** Resolves once it is about to save. */
  readonly ready: Promise<void>;
  /** Lets it save. */
  go(): void;
  /** Stops it, or its save, now. */
  stop(): void;
  /** Resolves when it is gone, with what it told of its save. It gets ten seconds from `stop` on. */
  readonly gone: Promise<{ answer: CrashAnswer | null; stderr: string; stopped: boolean; late: boolean }>;
}

/** A process that was asked to end has ended by then. */
const graceMs = 10_000;

export function startVictim(request: CrashRequest): Victim {
  const program = fileURLToPath(new URL(`child${extname(import.meta.filename)}`, import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(request)], { stdio: ["pipe", "pipe", "pipe"] });
  let stderr = "";
  let answer: CrashAnswer | null = null;
  let late = false;
  let timer: NodeJS.Timeout | undefined;
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  // A victim that is killed does not read what it is told.
  child.stdin.on("error", () => {});
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line === "ready") resolve();
    else if (line.startsWith("{")) answer = JSON.parse(line) as CrashAnswer;
  });
  const gone = once(child, "close").then(([, signal]) => {
    reject(new Error(`The saving process ended before it began to save: ${stderr}`));
    clearTimeout(timer);
    return { answer, stderr, stopped: signal === request.by || answer?.outcome === "aborted", late };
  });
  ready.catch(() => {});
  const stop = () => {
    if (request.by === "abort") child.stdin.write("abort\n");
    else child.kill(request.by);
    timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, graceMs);
  };
  return { ready, gone, go: () => child.stdin.write("go\n"), stop };
}

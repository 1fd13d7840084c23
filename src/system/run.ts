import { constants } from "node:os";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { UnavailableError } from "../errors.ts";
import { type ChildOptions, type Exit, startChild } from "./child.ts";

/** How to run a short-lived command. */
export interface RunOptions extends Pick<ChildOptions, "env" | "cwd" | "uid" | "gid"> {
  /** What it is, in the words of an error. Default: the command. */
  name?: string;
  /** Ends it after this long; the promise rejects then. */
  timeoutMs?: number;
  /** Ends it; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Written to its stdin. */
  input?: string;
  /** Called with each line of its stdout as it comes. */
  onLine?: (line: string) => void;
}

/** What a command said. A command that a signal ended has code 128 + the signal's number, as in a shell. */
export interface RunResult {
  stdout: string;
  /** Its last 8 KB. */
  stderr: string;
  code: number;
}

/**
 * Runs a command to its end and resolves with what it said, whatever its exit code.
 *
 * @throws UnavailableError DEPENDENCY_MISSING when there is no such command; STORAGE_UNAVAILABLE when it took too long.
 */
export async function run(command: string, args: string[], options: RunOptions = {}): Promise<RunResult> {
  const { name = command, timeoutMs, signal, input, onLine, ...rest } = options;
  signal?.throwIfAborted();
  const child = await startChild({ name, command, args, ...rest });
  const ended = new AbortController();
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => ended.abort(), timeoutMs);
  const stop = () => void child.stop(2_000);
  for (const reason of [ended.signal, signal]) reason?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();
  try {
    if (child.stdout && onLine) createInterface({ input: child.stdout }).on("line", onLine);
    const stdout = collect(child.stdout);
    child.stdin?.end(input);
    const exit = await child.exited;
    signal?.throwIfAborted();
    if (ended.signal.aborted) {
      throw new UnavailableError(`${name} did not end within ${timeoutMs} ms.`, { hint: child.stderrTail().trim() });
    }
    return { stdout: stdout(), stderr: child.stderrTail(), code: codeOf(exit) };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

/** All of a stream's text so far, up to 64 MB. */
function collect(stream: Readable | null): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream?.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= 64 << 20) chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString("utf8");
}

function codeOf({ code, signal }: Exit): number {
  return code ?? 128 + (signal ? constants.signals[signal] : 0);
}

import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { BenchCase, BenchContext, Program, PythonPeer } from "../harness.ts";
import { watchMemory } from "./memory.ts";
import type { Round } from "./results.ts";

export interface Runner {
  round(): Promise<Round>;
  close(): Promise<void>;
}

/** Makes a case ready in a process of its own. Rejects with what keeps it from being measured. */
export async function runnerOf(area: string, each: BenchCase, context: BenchContext): Promise<Runner> {
  if ("command" in each) return commandRunner(await each.command(context));
  if ("python" in each) return livingRunner(python(await each.python(context)), each.name);
  const program = join(import.meta.dirname, "case.ts");
  return livingRunner(asTold(fork(program, [area, each.name, JSON.stringify(context)])), each.name);
}

type Answer = { readonly ms: number; readonly blockMs: number };

/** A process that is told what to do and answers: `ready`, then `started` and a measurement for each round. */
interface Living {
  readonly child: ChildProcess;
  order(what: "round" | "close"): void;
  onAnswer(take: (answer: unknown) => void): void;
}

function asTold(child: ChildProcess): Living {
  return {
    child,
    order: (what) => void child.send(what),
    onAnswer: (take) => void child.on("message", take),
  };
}

function python({ python: program, once: prepare, before = "", measured, times = 1 }: PythonPeer): Living {
  const parts = JSON.stringify([prepare, before, measured, times]);
  const child = spawn(program, [join(import.meta.dirname, "peer.py"), parts], {
    stdio: ["pipe", "ignore", "pipe", "pipe"],
  });
  const answers = createInterface({ input: child.stdio[3] as Readable });
  return {
    child,
    order: (what) => void (what === "round" ? child.stdin?.write("round\n") : child.stdin?.end()),
    onAnswer: (take) => void answers.on("line", (line) => take(JSON.parse(line))),
  };
}

async function livingRunner({ child, order, onAnswer }: Living, name: string): Promise<Runner> {
  const pid = child.pid ?? 0;
  const waiting: PromiseWithResolvers<unknown>[] = [];
  const early: unknown[] = [];
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-2_000);
  });
  let ended: Error | undefined;
  const end = (error: Error) => {
    ended ??= error;
    for (const each of waiting.splice(0)) each.reject(ended);
  };
  child.once("error", end);
  child.once("close", (code) => end(new Error(lastLine(said) ?? `its process ended (${code}); see above`)));
  onAnswer((answer) => {
    if (typeof answer === "object" && answer !== null && "failed" in answer)
      return end(new Error(String(answer.failed)));
    const first = waiting.shift();
    if (first) first.resolve(answer);
    else early.push(answer);
  });
  const answer = (): Promise<unknown> => {
    if (early.length > 0) return Promise.resolve(early.shift());
    if (ended) return Promise.reject(ended);
    const next = Promise.withResolvers<unknown>();
    waiting.push(next);
    return next.promise;
  };
  await answer();
  return {
    async round() {
      order("round");
      await answer();
      const peak = watchMemory(pid);
      const measured = (await answer()) as Answer;
      return { ...measured, peakMb: peak() };
    },
    async close() {
      if (child.exitCode !== null || ended) return;
      const closed = once(child, "close");
      order("close");
      await closed;
      if (child.exitCode !== 0) console.error(`${name} did not end well (${child.exitCode ?? child.signalCode}).`);
    },
  };
}

const lastLine = (text: string): string | undefined => text.trim().split("\n").at(-1) || undefined;

function commandRunner([command, ...args]: Program): Runner {
  return {
    async round() {
      const started = performance.now();
      const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
      const peak = watchMemory(child.pid ?? 0);
      let said = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        said = (said + text).slice(-2_000);
      });
      const [code] = await once(child, "close");
      const ms = performance.now() - started;
      if (code !== 0) throw new Error(lastLine(said) ?? `${command} ended with ${code}`);
      return { ms, peakMb: peak(), blockMs: 0 };
    },
    async close() {},
  };
}

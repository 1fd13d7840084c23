/**
 * `npm run bench -- <area> [--rows 1000000] [--rounds 5] [--only text]`. Every case has a process of its own; they take turns
 * (A B A B), after a warm-up round each. Prints a table and writes bench/results/<area>.json.
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type BenchCase, type BenchContext, type Round, summarize } from "./harness.ts";
import { watchMemory } from "./memory.ts";
import { table } from "./table.ts";

interface Runner {
  round(): Promise<Round>;
  close(): Promise<void>;
}

const here = import.meta.dirname;
const harness = ["case", "data", "harness", "memory", "run", "scale", "table"];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "5" },
    only: { type: "string", default: "" },
  },
});

const [area] = positionals;
if (!area || !existsSync(join(here, `${area}.ts`)) || harness.includes(area)) {
  const areas = readdirSync(here)
    .filter((name) => name.endsWith(".ts") && !harness.includes(name.slice(0, -3)))
    .map((name) => name.slice(0, -3));
  console.error(`Say which area: npm run bench -- <area>. There is: ${areas.join(", ")}`);
  process.exit(1);
}
await bench(area);

async function bench(area: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-bench-"));
  const context: BenchContext = { rows: Number(values.rows), folder };
  const { cases }: { cases: readonly BenchCase[] } = await import(`./${area}.ts`);
  const chosen = cases.filter((each) => `${each.group} ${each.name}`.includes(values.only));
  const runners = new Map<string, Runner>();
  try {
    for (const each of chosen) {
      runners.set(
        each.name,
        "command" in each ? commandRunner(each.command(context)) : await codeRunner(area, each.name, context),
      );
    }
    const rounds = await takeTurns(runners, Number(values.rounds));
    const results = summarize(chosen, rounds);
    console.log(
      `\n${table(results)}\n${context.rows} rows, ${values.rounds} rounds, Node ${process.version}, ${cpus().length} cores`,
    );
    await mkdir(join(here, "results"), { recursive: true });
    const machine = { node: process.version, cores: cpus().length, cpu: cpus()[0]?.model, kernel: release() };
    const record = { area, measured: new Date(), rows: context.rows, machine, results };
    await writeFile(join(here, "results", `${area}.json`), `${JSON.stringify(record, null, 2)}\n`);
  } finally {
    for (const runner of runners.values()) await runner.close();
    // A server that ends itself may still write.
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

async function takeTurns(runners: ReadonlyMap<string, Runner>, count: number): Promise<Map<string, Round[]>> {
  const rounds = new Map<string, Round[]>();
  for (let turn = 0; turn <= count; turn++) {
    for (const [name, runner] of runners) {
      const round = await runner.round();
      if (turn > 0) rounds.set(name, [...(rounds.get(name) ?? []), round]);
      process.stderr.write(`${turn === 0 ? "warm-up" : `round ${turn}`}  ${name}  ${round.ms.toFixed(0)} ms\n`);
    }
  }
  return rounds;
}

async function codeRunner(area: string, name: string, context: BenchContext): Promise<Runner> {
  const child = fork(join(here, "case.ts"), [area, name, JSON.stringify(context)]);
  const pid = child.pid ?? 0;
  await message(child, name);
  return {
    async round() {
      child.send("round");
      await message(child, name);
      const peak = watchMemory(pid);
      const measured = (await message(child, name)) as { ms: number; blockMs: number };
      return { ...measured, peakMb: peak() };
    },
    async close() {
      if (child.exitCode !== null || !child.connected) return;
      const ended = once(child, "exit");
      child.send("close");
      await ended;
    },
  };
}

function commandRunner([command, ...args]: readonly [string, ...string[]]): Runner {
  return {
    async round() {
      const started = performance.now();
      const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
      const peak = watchMemory(child.pid ?? 0);
      let output = "";
      child.stdout.setEncoding("utf8").on("data", (chunk) => {
        output += chunk;
      });
      const [code] = await once(child, "close");
      const ms = performance.now() - started;
      if (code !== 0) throw new Error(`${command} ended with ${code}`);
      const told = Number(output.trim().split("\n").pop() || Number.NaN);
      return { ms: Number.isNaN(told) ? ms : told, peakMb: peak(), blockMs: 0 };
    },
    async close() {},
  };
}

/** The next message of a case's process; rejects when that ended instead. */
function message(child: ChildProcess, name: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) =>
      reject(new Error(`case "${name}" ended (${code}); its own message is above`));
    child.once("exit", ended);
    child.once("message", (content) => {
      child.off("exit", ended);
      resolve(content);
    });
  });
}

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished } from "vitest";
import { UnavailableError } from "../../src/errors.ts";
import { type Child, type ChildOptions, startChild } from "../../src/system/child.ts";
import { run } from "../../src/system/run.ts";
import { testFolder } from "./folder.ts";

const node = (script: string, options: Partial<ChildOptions> = {}): ChildOptions => ({
  name: "the test's child",
  command: process.execPath,
  args: ["-e", script],
  ...options,
});
const forever = "setInterval(() => {}, 1000); console.log(process.pid);";
const stubborn = `process.on("SIGTERM", () => console.log("no")); ${forever}`;

async function start(options: ChildOptions): Promise<Child> {
  const child = await startChild(options);
  onTestFinished(() => child.stop(0));
  return child;
}

async function firstLine(child: Child): Promise<string> {
  if (!child.stdout) throw new Error("The child has no stdout.");
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  return line;
}

const runs = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe("startChild", () => {
  it("gives its pid, its pipes, its exit code and the end of its stderr", async () => {
    const child = await start(
      node(
        `process.stdin.on("data", (d) => { console.log("got " + d); console.error("x".repeat(20000) + "the end"); process.exitCode = 3; process.stdin.destroy(); })`,
      ),
    );
    child.stdin?.write("this\n");
    expect(await firstLine(child)).toBe("got this");
    expect(await child.exited).toEqual({ code: 3, signal: null });
    expect(child.stderrTail()).toMatch(/^x+the end\n$/);
    expect(child.stderrTail()).toHaveLength(8192);
    expect(runs(child.pid)).toBe(false);
  });

  it("says that a command, or the folder to run it in, is missing", async () => {
    const missing = startChild({ name: "a worker", command: "no-such-command-here", args: [] });
    await expect(missing).rejects.toThrow(UnavailableError);
    await expect(missing).rejects.toMatchObject({ code: "DEPENDENCY_MISSING" });
    await expect(missing).rejects.toThrow(/a worker.*no-such-command-here/);
    await expect(startChild(node("", { cwd: "/no/such/folder" }))).rejects.toThrow(/folder \/no\/such\/folder/);
    const folder = await testFolder();
    await expect(startChild({ name: "a folder", command: folder, args: [] })).rejects.toMatchObject({
      code: "ACCESS_DENIED",
    });
  });

  it("survives writing to a child that is gone", async () => {
    const child = await start(node(""));
    await child.exited;
    child.stdin?.write("anyone?");
    await new Promise((resolve) => setImmediate(resolve));
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  it("stops one that obeys by asking, and kills one that does not", async () => {
    const obedient = await start(node(forever));
    await firstLine(obedient);
    await obedient.stop(60_000);
    expect(await obedient.exited).toEqual({ code: null, signal: "SIGTERM" });
    const other = await start(node(stubborn));
    await firstLine(other);
    await Promise.all([other.stop(50), other.stop(50)]);
    expect(await other.exited).toEqual({ code: null, signal: "SIGKILL" });
    expect(runs(other.pid)).toBe(false);
    await other.stop(0);
  });

  it("a detached one writes to its log file, outlives its starter and is killed with its group", async () => {
    const logFile = join(await testFolder(), "helper.log");
    const starter = `
      const { startChild } = await import(${JSON.stringify(new URL("../../src/system/child.ts", import.meta.url).href)});
      const script = \`require("child_process").spawn("sleep", ["600"]).on("spawn", function () { console.error("runs " + this.pid); });
        process.on("SIGTERM", () => {}); setInterval(() => {}, 1000);\`;
      const child = await startChild({ name: "helper", command: process.execPath, args: ["-e", script], detached: true, logFile: ${JSON.stringify(logFile)} });
      child.unref();
      while (!child.stderrTail().includes("runs")) await new Promise((resolve) => setTimeout(resolve, 10));
      console.log(child.pid);`;
    const { stdout, code, stderr } = await run(process.execPath, ["--input-type=module", "-e", starter]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const pid = Number(stdout);
    expect(runs(pid)).toBe(true);
    const grandchild = Number(/runs (\d+)/.exec(await readFile(logFile, "utf8"))?.[1]);
    expect(runs(grandchild)).toBe(true);
    process.kill(-pid, "SIGKILL");
  });

  it("kills a detached one that does not obey together with what it started", async () => {
    const script = `const child = require("child_process").spawn("sleep", ["600"]); child.on("spawn", () => console.log(child.pid)); process.on("SIGTERM", () => {}); setInterval(() => {}, 1000);`;
    const child = await start(node(script, { detached: true }));
    const grandchild = Number(await firstLine(child));
    await child.stop(50);
    const { stdout } = await run("ps", ["-o", "stat=", "-p", String(grandchild)]);
    expect(stdout.trim()).toMatch(/^(Z.*)?$/);
  });

  it("one that is not detached ends with the process that started it", async () => {
    const starter = `
      const { startChild } = await import(${JSON.stringify(new URL("../../src/system/child.ts", import.meta.url).href)});
      const child = await startChild({ name: "helper", command: "sleep", args: ["600"] });
      console.log(child.pid);
      process.exit(0);`;
    const { stdout, code } = await run(process.execPath, ["--input-type=module", "-e", starter]);
    expect(code).toBe(0);
    const state = await run("ps", ["-o", "stat=", "-p", stdout.trim()]);
    expect(state.stdout.trim()).toMatch(/^(Z.*)?$/);
  });
});

describe("run", () => {
  it("gives output and exit code, passes input and tells lines as they come", async () => {
    const lines: string[] = [];
    const script = `process.stdin.pipe(process.stdout); console.error("also"); process.exitCode = 2;`;
    const result = await run(process.execPath, ["-e", script], {
      input: "one\ntwo\n",
      onLine: (line) => lines.push(line),
    });
    expect(result).toEqual({ stdout: "one\ntwo\n", stderr: "also\n", code: 2 });
    expect(lines).toEqual(["one", "two"]);
    expect((await run("sh", ["-c", "kill -9 $$"])).code).toBe(137);
  });

  it("ends a command that takes too long, or that is aborted", async () => {
    await expect(run("sleep", ["600"], { timeoutMs: 30 })).rejects.toThrow(/sleep did not end within 30 ms/);
    const reason = new Error("enough");
    const controller = new AbortController();
    const running = run("sh", ["-c", "echo begun; exec sleep 600"], {
      signal: controller.signal,
      onLine: () => controller.abort(reason),
    });
    await expect(running).rejects.toBe(reason);
    await expect(run("sleep", ["600"], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

import { spawn } from "node:child_process";
import { main } from "./project.ts";

/** Runs a program in a terminal of its own (a pty) that has a size, passes on what comes, and ends with its exit code. */
const pty = `import os, pty, sys
sized = ["sh", "-c", 'stty cols 120 rows 40 && exec "$@"', "sh", *sys.argv[1:]]
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sized)))`;

/** A command as a user has it in a terminal. `type` answers once `wait` has been printed. */
export async function inTerminal(
  args: readonly string[],
  cwd: string,
  answers: readonly { readonly wait: string | RegExp; readonly type: string }[] = [],
  more: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; screen: string }> {
  const { NO_COLOR, CI, ...env } = process.env;
  const child = spawn("python3", ["-c", pty, process.execPath, main, ...args], {
    cwd,
    env: { ...env, ...more, TERM: "xterm-256color", COLUMNS: "120", LINES: "40" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let screen = "";
  const open = [...answers];
  const isShown = (wait: string | RegExp) => (typeof wait === "string" ? screen.includes(wait) : wait.test(screen));
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    screen += text;
    const [next] = open;
    if (!next || !isShown(next.wait)) return;
    open.shift();
    child.stdin.write(next.type);
  });
  const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  return { code, screen };
}

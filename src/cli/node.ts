import { spawn } from "node:child_process";

/** Runs a program by the Node that millrace found, in this one's place: the machine's own may be too old. Resolves with its exit code. */
export async function node(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, args, { stdio: "inherit" });
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.on("SIGTERM", pass).on("SIGINT", () => {});
  return await new Promise<number>((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve(code ?? 1));
  });
}

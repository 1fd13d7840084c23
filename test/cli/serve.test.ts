import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { project } from "./project.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

test("serve says where it listens, answers there, and ends cleanly when it is asked to", async () => {
  await using here = await project({ "data/prices.csv": "a\n1\n" });
  const child = spawn(process.execPath, [main, "serve", "--port", "0"], {
    cwd: here.path,
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    const lines = createInterface({ input: child.stderr });
    let url: string | undefined;
    for await (const line of lines) {
      url = /http:\/\/[\d.:]+\d/.exec(line)?.[0];
      if (url) break;
    }
    const rows = await (await fetch(`${url}/api/data/csv/prices`)).json();
    expect(rows).toEqual([{ a: 1 }]);
  } finally {
    child.kill("SIGTERM");
  }
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
});

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeCommands } from "../../src/cli/command-line.ts";
import { isSetting } from "../../src/config/settings.ts";
import { project } from "../cli/project.ts";

const folder = join(import.meta.dirname, "../../deploy");
const names = ["Dockerfile", "compose.yaml", "millrace-worker@.service", "worker.env"] as const;
const texts = Object.fromEntries(
  await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const)),
) as Record<(typeof names)[number], string>;

/** `NAME=value` of a file for the environment. */
function pairs(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/(?:^|\s)([A-Z][A-Z_]+)=(\S+)/gm)].map(([, name, value]) => [name, value]),
  );
}

/** What Compose gives to workers and the scheduler. */
function composed(): Record<string, string> {
  const [, app = ""] = /environment: &app\n((?: {6}.*\n)+)/.exec(texts["compose.yaml"]) ?? [];
  const found = [...app.matchAll(/^ {6}([A-Z_]+): "?(.*?)"?$/gm)];
  return Object.fromEntries(
    found.map(([, name, value]) => [name, value?.startsWith("$") ? "a-secret" : value]),
  ) as never;
}

const unit = () => {
  const [, text = ""] = /^Environment=(.*)$/m.exec(texts["millrace-worker@.service"]) ?? [];
  return pairs(text.replaceAll("%i", "1"));
};

test.each([
  ["the systemd unit with worker.env", () => ({ ...pairs(texts["worker.env"]), ...unit() })],
  ["Docker Compose", () => ({ ...composed(), NODE_ENV: "production" })],
])("what %s sets are settings, and with them nothing is missing in production", async (_, settingsOf) => {
  const env = settingsOf();
  expect(env).toMatchObject({ QUEUE: "pg-boss", LEDGER: "postgres", NODE_ENV: "production" });
  expect(Object.keys(env).filter((name) => name !== "NODE_ENV" && !isSetting(name))).toEqual([]);
  await using app = await project({}, { ...env, FS_DATA: "data", FS_TEMP: "temp" });
  const { code, stderr } = await app.run(["config"]);
  expect(stderr).not.toContain("missing");
  expect(code).toBe(0);
  for (const name of ["FS_DATA", "FS_TEMP"]) expect(env).toHaveProperty(name);
});

test("the commands in deploy/ exist, and take SIGTERM themselves", () => {
  const known = describeCommands().commands.map((command) => command.name());
  const lines = Object.values(texts).flatMap((text) => [...text.matchAll(/exec (\S+) (\w+) pipelines/g)]);
  expect(lines.map(([, program]) => program)).toEqual(lines.map(() => "node_modules/.bin/millrace"));
  expect(lines.map(([, , command]) => command).sort()).toEqual(["schedule", "worker", "worker"]);
  for (const [, , command = ""] of lines) expect(known).toContain(command);
});

test("a worker has longer to end than it gives what is in hand", () => {
  const seconds = [
    /TimeoutStopSec=(\d+)/.exec(texts["millrace-worker@.service"]),
    /stop_grace_period: (\d+)s/.exec(texts["compose.yaml"]),
  ].map((found) => Number(found?.[1]));
  // WORKER_GRACE is 30 s.
  for (const each of seconds) expect(each).toBeGreaterThan(32);
});

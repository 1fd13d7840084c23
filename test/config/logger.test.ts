import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { appFolder } from "./app-folder.ts";

const door = JSON.stringify(new URL("../../src/config/get-config-logger.ts", import.meta.url).href);

/** Runs a program of an app's in its folder, with nothing in the environment but what is given. */
function runProgram(cwd: string, body: string, env: Record<string, string> = {}) {
  const code = `import { getConfigLogger } from ${door};\nconst { config, logger } = await getConfigLogger("demo");\n${body}`;
  const result = spawnSync(process.execPath, ["--input-type=module", "-e", code], { cwd, env, encoding: "utf8" });
  return { ...result, lines: result.stderr.split("\n").filter((line) => line !== "") };
}

test("without an app config the program is told so and logs at debug level, on stderr, with the service's name", async () => {
  await using app = await appFolder();
  const { lines, stdout, status } = runProgram(app.path, 'logger.debug({ rows: 5 }, "saved");');
  expect(status).toBe(0);
  expect(stdout).toBe("");
  const [first, second] = lines.map((line) => JSON.parse(line));
  expect(first).toMatchObject({ level: "info", service: "demo" });
  expect(first.msg).toMatch(/^No app config in .*: the built-in fallback serves/);
  expect(second).toMatchObject({ level: "debug", service: "demo", rows: 5, msg: "saved" });
});

test("with an app config the level is info unless LOG_LEVEL says otherwise", async () => {
  await using app = await appFolder({ "millrace.config.json": "{}" });
  const body = 'logger.debug("d"); logger.info("i"); logger.warn("w");';
  const messages = (env: Record<string, string>) =>
    runProgram(app.path, body, env).lines.map((line) => JSON.parse(line).msg);
  expect(messages({})).toEqual(["i", "w"]);
  expect(messages({ LOG_LEVEL: "warn" })).toEqual(["w"]);
  expect(messages({ LOG_LEVEL: "silent" })).toEqual([]);
});

test("a broken app config is warned of with its whole cause", async () => {
  await using app = await appFolder({
    "millrace.config.mjs": "throw new Error('vault is sealed', { cause: new Error('key 3 is missing') });",
  });
  const [first = ""] = runProgram(app.path, "").lines;
  expect(JSON.parse(first)).toMatchObject({ level: "warn" });
  expect(first).toMatch(/broken.*fallback serves.*vault is sealed/);
  expect(first).toContain("key 3 is missing");
});

test("the last line is there when the program ends itself, also as pretty text", async () => {
  await using app = await appFolder({ "millrace.config.json": "{}" });
  const { lines } = runProgram(app.path, 'logger.error("last words"); process.exit(3);', { LOG_FORMAT: "pretty" });
  expect(lines.at(-1)).toMatch(/ERROR.*\[demo\] last words$/);
});

test("no way of logging a config shows its secrets", async () => {
  await using app = await appFolder({ "millrace.config.json": "{}" });
  const body =
    'logger.info(config, "a"); logger.info({ config }, "b"); logger.warn({ deep: config, options: { password: config.DB_PASSWORD } }, "c"); console.log(config);';
  for (const LOG_FORMAT of ["json", "pretty"]) {
    const { stdout, stderr } = runProgram(app.path, body, { LOG_FORMAT, DATABASE_URL: "postgres://me:t0psecret@db/x" });
    expect(stdout).toContain("DB_SERVER");
    expect(stderr).toContain("DB_SERVER");
    expect(stdout + stderr).not.toContain("t0psecret");
  }
});

test("a config file outside any package is loaded once, with the modules it shares with the app", async () => {
  await using app = await appFolder({
    "shared.mjs": "export const shared = { loads: 0 };",
    "millrace.config.mjs": 'import { shared } from "./shared.mjs"; shared.loads += 1; export default {};',
  });
  const shared = JSON.stringify(pathToFileURL(`${app.path}/shared.mjs`).href);
  const { stdout } = runProgram(app.path, `console.log((await import(${shared})).shared.loads);`);
  expect(stdout).toBe("1\n");
});

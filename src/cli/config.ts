import { originsOf } from "../config/load.ts";
import { showable } from "../config/secrets.ts";
import { settingNames } from "../config/settings.ts";
import type { GlobalOptions } from "./options.ts";
import { printJson, printLines, tableLines } from "./output.ts";
import { inSession } from "./session.ts";

/** Prints every setting with its value and the place it came from. Secrets are hidden. */
export function config(options: GlobalOptions): Promise<void> {
  return inSession(options, async ({ config }) => {
    const origins = originsOf(config);
    const given = Object.keys(config).filter((name) => !(settingNames as readonly string[]).includes(name));
    const values = [...settingNames, ...given].map((name) => {
      const value = showable(name, (config as Record<string, unknown>)[name]);
      const origin = value === undefined ? "not set" : (origins.get(name)?.place ?? "the app's logger");
      return { name, value: value ?? null, origin };
    });
    if (options.json) return printJson(values);
    const rows = values.map(({ name, value, origin }) => [name, value === null ? "" : textOf(value), origin]);
    printLines(tableLines(["setting", "value", "from"], rows, 60));
  });
}

function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

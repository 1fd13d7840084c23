import { inspect } from "node:util";
import { isSetting, settingMeta, settingNames } from "./settings.ts";

const hidden = "[hidden]";
const secretLooking = /pass(word|wd)?$|secret|token|credential|api_?key/i;

/** The names of the settings that are never shown in full. */
export const secretSettings = settingNames.filter((name) => settingMeta(name).secret !== undefined);

/** The value as it may be shown: secret settings, and an app's own fields that look like secrets, are hidden. */
export function showable(field: string, value: unknown): unknown {
  if (value === undefined) return value;
  const secret = isSetting(field) ? settingMeta(field).secret : secretLooking.test(field);
  if (secret === "uri") return typeof value === "string" ? withoutKeys(value) : hidden;
  return secret ? hidden : value;
}

/** A config as it may be shown: a plain copy with secrets hidden. */
export function showableConfig(config: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).map(([field, value]) => [field, showable(field, value)]));
}

/**
 * Makes `JSON.stringify` and `util.inspect` (so also `console.log`) hide the secrets of a config. Its properties stay
 * plainly readable. A copy made by spreading is an ordinary object and hides nothing.
 */
export function hideSecrets<T extends object>(config: T): T {
  const show = (): Record<string, unknown> => showableConfig(config);
  Object.defineProperty(config, "toJSON", { value: show, enumerable: false });
  Object.defineProperty(config, inspect.custom, {
    value: (_depth: number, options: object) => inspect(show(), options),
    enumerable: false,
  });
  return config;
}

/** An ArcticDB URI holds its keys behind `?`; that of Azure all over. LMDB has none. */
function withoutKeys(uri: string): string {
  const scheme = /^([a-z0-9+]+):\/\//i.exec(uri)?.[1]?.toLowerCase();
  if (scheme === undefined || scheme === "lmdb") return uri;
  if (scheme.startsWith("azure")) return `${scheme}://${hidden}`;
  const [place = ""] = uri.split("?");
  return uri === place
    ? uri.replace(/\/\/[^/@]*@/, `//${hidden}@`)
    : `${place.replace(/\/\/[^/@]*@/, `//${hidden}@`)}?${hidden}`;
}

import { inspect } from "node:util";

const secretNames = /PASSWORD|SECRET|TOKEN|ACCESS_KEY|API_KEY|DATABASE_URL|PRIVATE_KEY/i;

/** What stands in place of a secret wherever a config is shown. */
export const hidden = "[hidden]";

/** A plain copy in which every secret is hidden. */
export function redacted(values: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      secretNames.test(name) && value !== undefined && value !== "" ? hidden : withoutUrlPassword(value),
    ]),
  );
}

/**
 * Makes `JSON.stringify`, `util.inspect` and loggers show the config without its secrets. Properties stay readable one by one.
 */
export function hideSecrets<T extends object>(config: T): T {
  const show = { value: () => redacted(config), enumerable: false };
  return Object.defineProperties(config, { toJSON: show, [inspect.custom]: show });
}

/** `scheme://user:password@host` and `…?secret=x` without what is secret in them. */
function withoutUrlPassword(value: unknown): unknown {
  if (typeof value !== "string") return value;
  return value
    .replace(/(:\/\/[^/:@\s]*):[^/@\s]+@/, `$1:${hidden}@`)
    .replace(/([?&](?:secret|access|password|key)=)[^&\s]+/gi, `$1${hidden}`);
}

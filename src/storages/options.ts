import type { Capabilities, IStorage } from "../contracts/storage.ts";
import { ConfigError } from "../errors.ts";
import { assertMark } from "./marks.ts";

type Role = "read" | "save";

/** What `assertReadOptions` and `assertSaveOptions` need to know of a storage. */
export type OptionRules = Pick<IStorage, "type" | "capabilities">;

/** The same rules without one option, which only the storage's other calls take. */
export function exceptOption({ type, capabilities }: OptionRules, name: string): OptionRules {
  const others = (options: readonly string[]) => options.filter((option) => option !== name);
  const { readOptions, saveOptions } = capabilities;
  return {
    type,
    capabilities: { ...capabilities, readOptions: others(readOptions), saveOptions: others(saveOptions) },
  };
}

/**
 * Refuses an option that is not in `supported`: none is ever ignored. An option whose value is
 * `undefined` counts as left out.
 *
 * @throws ConfigError (OPTION_UNSUPPORTED) naming the option and those there are.
 */
export function assertOptions(options: object | undefined, supported: readonly string[], storage: string): void {
  if (options === undefined) return;
  if (options === null || typeof options !== "object" || Array.isArray(options)) {
    throw new ConfigError("Options are an object such as { limit: 10 }.", { storage });
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || supported.includes(name)) continue;
    throw new ConfigError(`The ${storage} storage has no option "${name}". It has: ${supported.join(", ")}.`, {
      code: "OPTION_UNSUPPORTED",
      storage,
      hint: "Leave it out, or use a storage that supports it.",
    });
  }
}

/** Checks read options against the storage's capabilities, and the values that types can't hold to. */
export function assertReadOptions(options: object | undefined, storage: OptionRules): void {
  assertOptions(options, storage.capabilities.readOptions, storage.type);
  const { limit, columns, batchRows } = (options ?? {}) as { limit?: unknown; columns?: unknown; batchRows?: unknown };
  const { nullTimes } = (options ?? {}) as { nullTimes?: unknown };
  if (nullTimes !== undefined && nullTimes !== "drop" && nullTimes !== "keep") {
    throw new ConfigError(`nullTimes is "drop" or "keep", not ${JSON.stringify(nullTimes)}.`, {
      storage: storage.type,
    });
  }
  assertCount(limit, "limit", 0, storage.type);
  assertCount(batchRows, "batchRows", 1, storage.type);
  if (columns !== undefined) assertNames(columns, "columns", "read", storage.type);
}

/**
 * Checks save options against the storage's capabilities; the mode against its modes; and that an
 * `upsert` has a key.
 *
 * @throws ConfigError for each.
 */
export function assertSaveOptions(options: object | undefined, storage: OptionRules): void {
  assertOptions(options, storage.capabilities.saveOptions, storage.type);
  const { mode, key, schemaChange, run } = (options ?? {}) as Record<string, unknown>;
  assertMark(run, storage.type);
  if (mode !== undefined && !isMode(mode, storage.capabilities)) {
    throw new ConfigError(
      `The ${storage.type} storage has no mode ${JSON.stringify(mode)}. It has: ${storage.capabilities.modes.join(", ")}.`,
      { code: "OPTION_UNSUPPORTED", storage: storage.type },
    );
  }
  if (key !== undefined) assertNames(key, "key", "save", storage.type);
  if (mode === "upsert" && key === undefined) {
    throw new ConfigError('mode "upsert" replaces rows by key, and no key was given.', {
      storage: storage.type,
      hint: 'Name the columns that tell rows apart: { mode: "upsert", key: ["id"] }.',
    });
  }
  if (schemaChange !== undefined && schemaChange !== "evolve" && schemaChange !== "freeze") {
    throw new ConfigError(`schemaChange is "evolve" or "freeze", not ${JSON.stringify(schemaChange)}.`, {
      storage: storage.type,
    });
  }
}

function isMode(mode: unknown, capabilities: Capabilities): boolean {
  return (capabilities.modes as readonly unknown[]).includes(mode);
}

function assertCount(value: unknown, name: string, least: number, storage: string): void {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= least)) return;
  throw new ConfigError(`${name} is a whole number of at least ${least}, not ${String(value)}.`, { storage });
}

function assertNames(value: unknown, name: string, role: Role, storage: string): void {
  const good = Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === "string");
  if (good && new Set(value).size === value.length) return;
  throw new ConfigError(`${name} is a list of one or more column names, each once.`, {
    storage,
    hint: role === "read" ? "Leave it out for all columns." : 'For one column: ["id"].',
  });
}

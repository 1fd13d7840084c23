import type { Config } from "../../config/settings.ts";
import type { Logger } from "../../contracts/logger.ts";
import { ConfigError } from "../../errors.ts";
import type { ComponentClass } from "../definition.ts";

/** A component as it was given, or made of its class. @throws ConfigError when what the class makes lacks a method. */
export function componentOf<T extends object>(
  given: T | ComponentClass<T>,
  { config, logger, methods }: { config: Config; logger: Logger; methods: readonly (keyof T & string)[] },
): T {
  const made = typeof given === "function" ? new (given as ComponentClass<T>)(config, logger) : given;
  const missing = methods.filter((name) => typeof Reflect.get(made, name) !== "function");
  if (missing.length === 0) return made;
  const name = typeof given === "function" ? given.name : made.constructor.name;
  throw new ConfigError(`${name || "The component"} has no ${missing.join(" and no ")}.`, {
    hint: "Extend the base class, or write the method.",
  });
}

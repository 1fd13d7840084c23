import type { IIdentified } from "../contracts/identity.ts";
import { ConfigError, ConflictError } from "../errors.ts";
import { foldName, plainName } from "../frame/names.ts";

/** One source and the name its result gets. */
export interface Assignment {
  readonly source: string;
  readonly destination: string;
}

/** Whether both speak to the same place; `false` when either can't say. */
export function samePlace(source: object, saver: object): boolean {
  if (source === saver) return true;
  const [from, to] = [storageId(source), storageId(saver)];
  return from !== undefined && from === to;
}

/**
 * The destination of each source: what `choose` says, else the source's name without its csv ending.
 *
 * @throws ConfigError when a result would go onto its own input and `choose` did not ask for that.
 * @throws ConflictError when two sources would be saved under one name.
 */
export function assignDestinations(
  sources: readonly string[],
  same: boolean,
  choose?: (source: string) => string,
): Assignment[] {
  const taken = new Map<string, string>();
  return sources.map((source) => {
    if (!choose && same) {
      throw new ConfigError(`The result for "${source}" would be saved onto its own input.`, {
        frame: source,
        hint: "Give the calculator a `destination(source)` method, or save to another storage.",
      });
    }
    const destination = choose ? choose(source) : plainName(source);
    const meeting = foldName(plainName(destination));
    const other = taken.get(meeting);
    if (other !== undefined) {
      throw new ConflictError(`"${other}" and "${source}" would both be saved as "${destination}".`, {
        code: "NAME_CONFLICT",
        frame: destination,
        hint: "Name the sources to calculate, or give each its own name in `destination(source)`.",
      });
    }
    taken.set(meeting, source);
    return { source, destination };
  });
}

/** The place that a component speaks to; undefined when it can't say. */
export function storageId(component: object): string | undefined {
  return "storageId" in component ? (component as IIdentified).storageId : undefined;
}

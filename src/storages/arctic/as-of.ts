import { ConfigError, NotFoundError } from "../../errors.ts";
import { parseIso } from "../../frame/iso.ts";
import type { ArcticLibrary, Version } from "./library.ts";
import type { AsOf } from "./options.ts";

/** The version that `asOf` means; nothing for the newest. @throws ConfigError when it is none of the forms. */
export function versionOf(asOf: AsOf | undefined): Version | undefined {
  if (asOf === undefined) return undefined;
  if (typeof asOf === "number" && Number.isSafeInteger(asOf) && asOf >= 0) return { version: asOf };
  if (asOf instanceof Date && !Number.isNaN(asOf.getTime()))
    return { moment: String(BigInt(asOf.getTime()) * 1_000_000n) };
  if (typeof asOf === "string") {
    const moment = parseIso(asOf);
    if (moment) return { moment: String(moment.wallNs - (moment.offsetNs ?? 0n)) };
  }
  if (typeof asOf === "object" && "snapshot" in asOf && typeof asOf.snapshot === "string") {
    return { snapshot: asOf.snapshot };
  }
  throw new ConfigError(`asOf is ${JSON.stringify(asOf)}, which is no version.`, {
    storage: "arctic",
    hint: 'Give a version\'s number, a Date or a text such as "2024-03-31T09:30Z", or { snapshot: "name" }.',
  });
}

/** The error for a version of a symbol that is there. It says which versions there are. */
export async function noVersion(library: ArcticLibrary, symbol: string, of: Version): Promise<NotFoundError | null> {
  const versions = await library.versions(symbol);
  if (!versions) return null;
  const shown = versions.slice(0, 5).map(({ version, moment }) => `${version} (${dateOf(moment).toISOString()})`);
  const more = versions.length > shown.length ? `, and ${versions.length - shown.length} older` : "";
  const wanted =
    "version" in of
      ? `version ${of.version}`
      : "snapshot" in of
        ? `version in the snapshot "${of.snapshot}"`
        : `version from before ${dateOf(BigInt(of.moment)).toISOString()}`;
  return new NotFoundError(`There is no ${wanted} of ${symbol} in ArcticDB. There is: ${shown.join(", ")}${more}.`, {
    storage: "arctic",
    frame: symbol,
    hint: "`listVersions` has all of them, `listSnapshots` all snapshots; ARCTIC_KEEP_VERSIONS says how many stay.",
  });
}

/** A moment in nanoseconds since 1970 as a Date, cut to milliseconds. */
export function dateOf(moment: bigint): Date {
  return new Date(Number(moment / 1_000_000n));
}

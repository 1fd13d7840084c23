import type pg from "pg";
import type { from as copyFrom } from "pg-copy-streams";

/** The driver's modules, loaded on first use. */
export interface Driver {
  readonly Pool: typeof pg.Pool;
  readonly Client: typeof pg.Client;
  readonly copyFrom: typeof copyFrom;
}

let loading: Promise<Driver> | undefined;

export function loadDriver(): Promise<Driver> {
  loading ??= (async () => {
    const [{ default: driver }, copy] = await Promise.all([import("pg"), import("pg-copy-streams")]);
    return { Pool: driver.Pool, Client: driver.Client, copyFrom: copy.from };
  })();
  return loading;
}

/**
 * The driver's own conversions lose values (a `date` becomes local midnight, microseconds are cut), so every value arrives as
 * the server's text.
 */
export const textOnly = { getTypeParser: () => (text: string) => text };

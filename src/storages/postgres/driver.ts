import type pg from "pg";

/** The driver's modules, loaded on first use. */
export interface Driver {
  readonly Pool: typeof pg.Pool;
  readonly Client: typeof pg.Client;
}

let loading: Promise<Driver> | undefined;

export function loadDriver(): Promise<Driver> {
  loading ??= (async () => {
    const { default: driver } = await import("pg");
    return { Pool: driver.Pool, Client: driver.Client };
  })();
  return loading;
}

/**
 * The driver's own conversions lose values (a `date` becomes local midnight, microseconds are cut), so every value arrives as
 * the server's text.
 */
export const textOnly = { getTypeParser: () => (text: string) => text };

import type { Config } from "../../config/settings.ts";
import { embeddedUser } from "./embedded/access.ts";
import type { Membership } from "./embedded/join.ts";

/** Where a database is and who asks. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export function configuredAddress(config: Config): Address {
  return {
    host: config.DB_SERVER,
    port: config.DB_PORT,
    user: config.DB_USER,
    password: config.DB_PASSWORD,
    database: config.DB_NAME,
  };
}

export function embeddedAddress(config: Config, membership: Membership): Address {
  const { port, password } = membership.access();
  return { host: "127.0.0.1", port, user: embeddedUser, password, database: config.DB_NAME };
}

/** `host:port`, for messages. */
export function serverOf({ host, port }: Pick<Address, "host" | "port">): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The connection URL without its password, for logs. */
export function redactedUrl({ host, port, user, database }: Address): string {
  return `postgresql://${encodeURIComponent(user)}:***@${serverOf({ host, port })}/${encodeURIComponent(database)}`;
}

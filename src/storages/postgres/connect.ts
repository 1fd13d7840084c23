import { readFile } from "node:fs/promises";
import type { ConnectionOptions } from "node:tls";
import type { Config } from "../../config/settings.ts";
import { ConfigError, UnavailableError } from "../../errors.ts";
import { type Address, serverOf } from "./address.ts";
import { loadDriver } from "./driver.ts";
import { quote } from "./identifiers.ts";
import { fieldsOf } from "./server-error.ts";

/** What every connection is opened with. Nothing that PgBouncer would refuse. */
export const clientOptions = { connectionTimeoutMillis: 10_000, keepAlive: true, application_name: "millrace" };

/** The driver's settings for TLS. */
export interface Tls {
  ssl?: ConnectionOptions;
}

/**
 * `require` encrypts, and takes any certificate; `verify` takes one that DB_CA or a known authority signed, for this host.
 *
 * @throws ConfigError when DB_CA can't be read.
 */
export async function tlsOptions({ DB_TLS, DB_CA, DB_SERVER }: Config): Promise<Tls> {
  if (DB_TLS === "off") return {};
  if (DB_TLS === "require") return { ssl: { rejectUnauthorized: false } };
  // Without a host the driver would compare the certificate of a server that is named by its IP address with "localhost".
  return { ssl: { host: DB_SERVER, ...(DB_CA !== undefined && { ca: await readAuthority(DB_CA) }) } };
}

async function readAuthority(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const problem = `DB_CA is no file that can be read: ${path}.`;
    throw new ConfigError(problem, { storage: "postgres", cause, hint: "Name a file with certificates in PEM form." });
  }
}

/**
 * Makes the database when it is missing and the user may.
 *
 * @throws UnavailableError with the statement to run when the user may not.
 */
export async function ensureDatabase(address: Address, tls: Tls): Promise<void> {
  if (await databaseThere(address, tls)) return;
  const { Client } = await loadDriver();
  const statement = `CREATE DATABASE ${quote(address.database)}`;
  const client = new Client({ ...address, ...tls, ...clientOptions, database: "postgres" });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query(statement);
  } catch (cause) {
    // 42P04, 23505: another process made it meanwhile.
    if (["42P04", "23505"].includes(fieldsOf(cause).code)) return;
    throw new UnavailableError(
      `The database ${address.database} at ${serverOf(address)} does not exist, and could not be made: ${messageOf(cause)}`,
      { storage: "postgres", code: "ACCESS_DENIED", cause, hint: `Have somebody who may run: ${statement};` },
    );
  } finally {
    await client.end().catch(() => {});
  }
}

async function databaseThere(address: Address, tls: Tls): Promise<boolean> {
  const { Client } = await loadDriver();
  const client = new Client({ ...address, ...tls, ...clientOptions });
  client.on("error", () => {});
  try {
    await client.connect();
    return true;
  } catch (cause) {
    if (fieldsOf(cause).code === "3D000") return false;
    throw cause;
  } finally {
    await client.end().catch(() => {});
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

import { resolve } from "node:path";
import type { Config } from "../../config/settings.ts";
import { ConfigError } from "../../errors.ts";

/** Where ARCTIC_* settings point. */
export interface ArcticPlace {
  /** What ArcticDB opens. May hold a password: it goes to the worker through its socket and nowhere else. */
  readonly uri: string;
  readonly library: string;
  /** The place for people: without a password. */
  readonly where: string;
  /** Folder of a local (LMDB) place. */
  readonly folder?: string;
  /** Whether other machines can see it. */
  readonly shared: boolean;
  /** Texts that may stand in no message. */
  readonly secrets: readonly string[];
}

type ArcticSettings = Pick<
  Config,
  | "FS_DATA"
  | "ARCTIC_HOST"
  | "ARCTIC_LIBRARY"
  | "ARCTIC_BUCKET"
  | "ARCTIC_ACCESS_KEY"
  | "ARCTIC_SECRET_KEY"
  | "ARCTIC_REGION"
  | "ARCTIC_TLS"
>;

/**
 * `localhost` is LMDB under FS_DATA/arctic; anything with `://` is taken as it is; the rest is `host[:port]` of a server that
 * speaks S3.
 *
 * @throws ConfigError when the bucket of a server is missing, or the host is no host.
 */
export function arcticPlace(config: ArcticSettings): ArcticPlace {
  const host = config.ARCTIC_HOST;
  if (host === "localhost") return local(resolve(config.FS_DATA, "arctic"), config.ARCTIC_LIBRARY);
  if (host.includes("://")) return whole(host, config.ARCTIC_LIBRARY);
  return server(host, config);
}

function local(folder: string, library: string, query = ""): ArcticPlace {
  return { uri: `lmdb://${folder}${query}`, library, where: folder, folder, shared: false, secrets: [] };
}

function whole(uri: string, library: string): ArcticPlace {
  const [, scheme = "", rest = ""] = /^([a-z0-9+]+):\/\/(.*)$/is.exec(uri) ?? [];
  if (scheme === "") throw wrong(`ARCTIC_HOST is no address: ${withoutSecrets(uri)}.`);
  if (scheme === "lmdb") {
    const [path = "", query] = rest.split("?", 2);
    // A relative path would mean another folder to the worker, which has a working folder of its own.
    return local(resolve(path), library, query === undefined ? "" : `?${query}`);
  }
  return { uri, library, where: withoutSecrets(uri), shared: true, secrets: secretsIn(uri) };
}

function server(address: string, config: ArcticSettings): ArcticPlace {
  const [, host, port] = /^([a-z0-9._-]+)(?::(\d{1,5}))?$/i.exec(address) ?? [];
  if (host === undefined) throw wrong(`ARCTIC_HOST is neither localhost, a host[:port], nor an address: ${address}.`);
  if (config.ARCTIC_BUCKET === undefined)
    throw wrong(`ARCTIC_HOST is the server ${address}, and ARCTIC_BUCKET is missing.`);
  const query = new URLSearchParams();
  if (port !== undefined) query.set("port", port);
  if (config.ARCTIC_REGION !== undefined) query.set("region", config.ARCTIC_REGION);
  const scheme = config.ARCTIC_TLS ? "s3s" : "s3";
  const where = `${scheme}://${host}${port === undefined ? "" : `:${port}`}/${config.ARCTIC_BUCKET}`;
  // ArcticDB reads these values as they stand, without decoding; the characters that would end a value can't be sent.
  const keys = [["access", config.ARCTIC_ACCESS_KEY] as const, ["secret", config.ARCTIC_SECRET_KEY] as const];
  const given = keys.filter((key): key is readonly ["access" | "secret", string] => key[1] !== undefined);
  for (const [name, value] of given) {
    if (/[&;\s]/.test(value)) throw wrong(`The ${name} key of ArcticDB's bucket has a blank, & or ; in it.`);
  }
  const own = given.length === 0 ? ["aws_auth=true"] : given.map(([name, value]) => `${name}=${value}`);
  const parts = [query.toString(), ...own].filter((part) => part !== "");
  return {
    uri: `${scheme}://${host}:${config.ARCTIC_BUCKET}?${parts.join("&")}`,
    library: config.ARCTIC_LIBRARY,
    where,
    shared: true,
    secrets: given.map(([, value]) => value),
  };
}

const secretValue = /((?:secret|access|accountkey|sharedaccesssignature|sig|password|token)=)([^&;]*)/gi;

function withoutSecrets(uri: string): string {
  return uri.replace(secretValue, "$1***").replace(/:\/\/[^/@]+@/, "://***@");
}

function secretsIn(uri: string): string[] {
  return [...uri.matchAll(secretValue)].map(([, , value]) => value ?? "").filter((value) => value !== "");
}

function wrong(message: string): ConfigError {
  return new ConfigError(message, {
    storage: "arctic",
    hint: "Use localhost, host[:port] with ARCTIC_BUCKET, ARCTIC_ACCESS_KEY and ARCTIC_SECRET_KEY, or an ArcticDB URI such as s3s://host:bucket?….",
  });
}

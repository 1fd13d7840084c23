import type { Config } from "../config/settings.ts";
import { ConfigError, MillraceError, SaveError, UnavailableError } from "../errors.ts";

type Settings = Pick<
  Config,
  "BACKUP_S3_ENDPOINT" | "BACKUP_S3_REGION" | "BACKUP_S3_ACCESS_KEY" | "BACKUP_S3_SECRET_KEY"
>;

/** The two packages of the client, loaded on first use. */
export interface S3Library {
  readonly s3: typeof import("@aws-sdk/client-s3");
  readonly storage: typeof import("@aws-sdk/lib-storage");
  readonly client: import("@aws-sdk/client-s3").S3Client;
}

/**
 * A client with keys from the settings only, never from the environment or the machine.
 *
 * @throws UnavailableError DEPENDENCY_MISSING; ConfigError when a key is missing.
 */
export async function openS3(config: Settings): Promise<S3Library> {
  const { BACKUP_S3_ACCESS_KEY: accessKeyId, BACKUP_S3_SECRET_KEY: secretAccessKey } = config;
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new ConfigError("FS_BACKUP is on S3, and BACKUP_S3_ACCESS_KEY or BACKUP_S3_SECRET_KEY is missing.", {
      hint: "Set both.",
    });
  }
  const [s3, storage] = await load();
  const client = new s3.S3Client({
    region: config.BACKUP_S3_REGION,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 4,
    // Servers other than Amazon's know neither the newer checksums nor buckets as host names.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    ...(config.BACKUP_S3_ENDPOINT !== undefined && { endpoint: config.BACKUP_S3_ENDPOINT, forcePathStyle: true }),
    requestHandler: { connectionTimeout: 10_000, socketTimeout: 60_000 },
  });
  return { s3, storage, client };
}

/** Each has a `catch` of its own: a bundler then leaves a missing one for the run. */
function load() {
  return Promise.all([import("@aws-sdk/client-s3").catch(missing), import("@aws-sdk/lib-storage").catch(missing)]);
}

function missing(cause: unknown): never {
  throw new UnavailableError("Backups on S3 need the packages @aws-sdk/client-s3 and @aws-sdk/lib-storage.", {
    code: "DEPENDENCY_MISSING",
    hint: "Run: npm i @aws-sdk/client-s3 @aws-sdk/lib-storage",
    cause,
  });
}

/** The name that S3 gives a failure: `NoSuchKey`. */
export function s3Code(cause: unknown): string {
  return cause instanceof Error ? cause.name : "";
}

const denied = /^(AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|Forbidden|ExpiredToken|InvalidToken|403)$/;

/** What a user sees of a failure. Its cause holds neither request nor response, which hold keys and signatures. */
export function s3Error(cause: unknown, doing: string): Error {
  if (cause instanceof MillraceError) return cause;
  if (!(cause instanceof Error)) return new SaveError(`Could not ${doing}: ${String(cause)}`);
  const status: unknown = Reflect.get(Reflect.get(cause, "$metadata") ?? {}, "httpStatusCode");
  const plain = Object.assign(new Error(cause.message), {
    name: cause.name,
    ...("code" in cause && { code: cause.code }),
  });
  const about = { cause: plain };
  if (denied.test(cause.name) || status === 403 || status === 401) {
    return new UnavailableError(`Could not ${doing}: the server refused the keys (${cause.name}).`, {
      ...about,
      code: "ACCESS_DENIED",
      hint: "Check BACKUP_S3_ACCESS_KEY, BACKUP_S3_SECRET_KEY and their rights.",
    });
  }
  if (cause.name === "NoSuchBucket") {
    return new ConfigError(`Could not ${doing}: there is no such bucket.`, {
      ...about,
      hint: "Make the bucket, or name another in FS_BACKUP.",
    });
  }
  if (typeof status === "number" && status >= 400 && status < 500) {
    return new SaveError(`Could not ${doing}: ${cause.name}: ${cause.message}`, about);
  }
  return new UnavailableError(`Could not ${doing}: ${cause.message || cause.name}`, {
    ...about,
    hint: "Check BACKUP_S3_ENDPOINT and the network.",
  });
}

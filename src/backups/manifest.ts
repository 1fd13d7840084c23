import { createHash } from "node:crypto";
import { z } from "zod";
import type { BackupRecord } from "../contracts/restorable-backup.ts";
import { CorruptDataError } from "../errors.ts";

/**
 * What every manifest begins with, and the form that this version writes. It reads all up to that. Version 1 has its files as
 * the storage wrote them, and no `content`.
 */
export const backupFormat = "millrace-backup";
export const backupVersion = 2;
export const manifestName = "manifest.json";

/** A path below the backup's folder, with `/` between its parts, that can't lead out of it. */
const fileName = z
  .string()
  .refine((name) =>
    name.split("/").every((part) => part !== "" && part !== "." && part !== ".." && !part.includes("\0")),
  );

const count = z.number().int().nonnegative();

/**
 * manifest.json. `digest` is the SHA-256 of the JSON text of everything else, in the order in which it stands
 * here and without blanks, so that a damaged manifest is told from a whole one.
 */
const manifestSchema = z.object({
  format: z.literal(backupFormat),
  version: z.literal([1, backupVersion]),
  storage: z.string().min(1),
  /** The storage's place, see `backupPlace`. Missing in backups made before places were kept apart. */
  place: z.string().min(1).optional(),
  /** The frame's name. */
  source: z.string().min(1),
  sequence: count,
  /** UTC, ISO. */
  created: z.iso.datetime(),
  by: z.string(),
  rows: count,
  schema: z.object({ fields: z.array(z.object({ name: z.string(), type: z.string(), nullable: z.boolean() })) }),
  timeColumn: z.string().optional(),
  key: z.array(z.string()).optional(),
  /** As they are stored. One with `unpacked` was packed here, and ends in `.zst`. */
  files: z.array(
    z.object({
      name: fileName,
      bytes: count,
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      unpacked: count.optional(),
    }),
  ),
  /** Method and value of the hash of what the frame held. */
  content: z.string().optional(),
  /** What only this storage understands. */
  extra: z.json().optional(),
  /** When a restore of it was last found equal. UTC, ISO. */
  proven: z.iso.datetime().optional(),
});

export type Manifest = z.output<typeof manifestSchema>;

/** A record with what only the storage itself needs of the manifest. */
export interface StoredBackup extends BackupRecord {
  /** See `BackupStore.place`. */
  place?: string;
  extra?: unknown;
}

/** The manifest's bytes as they are written. */
export function manifestText(manifest: Manifest): string {
  const plain: unknown = JSON.parse(JSON.stringify(manifestSchema.parse(manifest)));
  return `${JSON.stringify({ ...(plain as object), digest: digestOf(plain) }, null, 2)}\n`;
}

/** @throws CorruptDataError BACKUP_CORRUPT when the text is no whole manifest, or one of a newer version. */
export function parseManifest(text: string, location: string): Manifest {
  const value = parseJson(text, location);
  const head = z.object({ format: z.literal(backupFormat), version: z.number() }).safeParse(value);
  if (!head.success) throw corrupt(location, "it is no manifest of a backup");
  if (head.data.version > backupVersion) {
    throw new CorruptDataError(
      `The backup ${location} has format version ${head.data.version}; this millrace reads up to version ${backupVersion}.`,
      { code: "BACKUP_CORRUPT", hint: "Use the version of millrace that made it, or a newer one." },
    );
  }
  const { digest, ...rest } = value as Record<string, unknown>;
  if (digest !== digestOf(rest)) throw corrupt(location, "its digest does not fit");
  const manifest = manifestSchema.safeParse(rest);
  if (!manifest.success) throw corrupt(location, z.prettifyError(manifest.error));
  return manifest.data;
}

/** The manifest as users see it. */
export function recordOf(manifest: Manifest, location: string): StoredBackup {
  const { storage, place, source, sequence, by, rows, schema, files, content, timeColumn, key, extra, proven } =
    manifest;
  return {
    location,
    storage,
    source,
    sequence,
    created: new Date(manifest.created),
    by,
    rows,
    schema,
    files,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    ...(place !== undefined && { place }),
    ...(content !== undefined && { content }),
    ...(timeColumn !== undefined && { timeColumn }),
    ...(key && { key }),
    ...(extra !== undefined && { extra }),
    ...(proven !== undefined && { proven: new Date(proven) }),
  };
}

function digestOf(rest: unknown): string {
  return createHash("sha256").update(JSON.stringify(rest)).digest("hex");
}

function parseJson(text: string, location: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CorruptDataError(`The manifest of ${location} is damaged: it is no JSON.`, {
      code: "BACKUP_CORRUPT",
      cause,
    });
  }
}

function corrupt(location: string, why: string): CorruptDataError {
  return new CorruptDataError(`The manifest of ${location} is damaged: ${why}.`, {
    code: "BACKUP_CORRUPT",
    hint: "Use another backup; `listBackups` names those that are whole.",
  });
}

import { join } from "node:path";
import { isS3 } from "../backups/s3-depot.ts";
import type { Config } from "../config/settings.ts";
import { ConfigError } from "../errors.ts";
import type { DataFactory } from "../factory/data-factory.ts";
import { readyOf } from "../pipelines/define.ts";
import { ledgerConfig } from "../pipelines/ledger/postgres.ts";
import type { ReadyStep } from "../pipelines/normalize.ts";
import type { Ready } from "../pipelines/run/run-pipeline.ts";
import { usesEmbedded } from "../storages/postgres/embedded/choice.ts";

/** @throws ConfigError when the ledger can't be shared. */
export function requireSharedLedger({ LEDGER, QUEUE }: Config): void {
  if (QUEUE === "none") {
    throw new ConfigError("No queue is configured.", { hint: "Set QUEUE=pg-boss and LEDGER=postgres." });
  }
  if (LEDGER !== "sqlite") return;
  throw new ConfigError("The queue needs a ledger that all workers see, and LEDGER is sqlite.", {
    hint: "Set LEDGER=postgres, or the postgres:// URL of another database.",
  });
}

/** @throws ConfigError that names every storage of the pipeline which only this machine sees. */
export async function refuseLocal({ definition, steps }: Ready, factory: DataFactory): Promise<void> {
  const { config } = factory;
  requireSharedLedger(config);
  if (config.QUEUE_SHARED_FOLDERS) return;
  const types = new Set(steps.flatMap(storagesOf).map((ref) => ref.split(":")[0] ?? ""));
  const local = factory.storages
    .filter(({ type, capabilities }) => types.has(type) && !capabilities.shared)
    .map(({ type }) => `${type} (${type === "temp" ? config.FS_TEMP : config.FS_DATA})`);
  if (types.has("postgres") && (await usesEmbedded(config))) local.push("postgres (the embedded server)");
  if (keepsBackups({ definition, steps }, factory)) {
    const root = config.FS_BACKUP ?? join(config.FS_DATA, "backups");
    if (!isS3(root)) local.push(`backups (${root})`);
  }
  if (await usesEmbedded(ledgerConfig(config))) local.push("the ledger (the embedded server)");
  if (local.length === 0) return;
  throw new ConfigError(
    `The pipeline "${definition.name}" can't run on several machines: only this one sees ${[...new Set(local)].join(", ")}.`,
    {
      hint: "Use storages that all workers see, such as a PostgreSQL server or ArcticDB on S3, and a bucket for backups (FS_BACKUP=s3://…); or, where all workers share these folders, set QUEUE_SHARED_FOLDERS=true.",
    },
  );
}

/** Whether workers would put backups where FS_BACKUP says. One on a worker's own disk is found by no other. */
function keepsBackups({ definition, steps }: Pick<Ready, "definition" | "steps">, factory: DataFactory): boolean {
  const kept = (ref: unknown) => {
    const storage = factory.storages.find(({ type }) => typeof ref === "string" && ref.split(":")[0] === type);
    const saver = storage?.saver?.();
    // A storage with snapshots keeps what an undo needs by itself.
    return storage?.backup !== undefined && saver !== undefined && !("snapshot" in saver);
  };
  for (const { work } of steps) {
    if (work.kind === "run") continue;
    if (work.kind === "pipeline") {
      if (keepsBackups(readyOf(work.pipeline), factory)) return true;
      continue;
    }
    const { backup } = work.kind === "copy" ? work.copy : work.kind === "scrape" ? work.scrape : work.calculate;
    const to = work.kind === "copy" ? work.copy.to : work.kind === "scrape" ? work.scrape.into : work.calculate.to;
    if (typeof backup === "string" || (definition.undoable && [to].flat().some(kept))) return true;
  }
  return false;
}

/** The storages that a step names. What a function uses is not known before it runs. */
export function storagesOf({ work }: ReadyStep): string[] {
  const refs = (): unknown[] => {
    switch (work.kind) {
      case "scrape":
        return [work.scrape.into];
      case "calculate":
        return [work.calculate.from, work.calculate.to];
      case "copy":
        return [work.copy.from, ...[work.copy.to].flat()];
      case "pipeline":
        return readyOf(work.pipeline).steps.flatMap(storagesOf);
      case "run":
        return [];
    }
  };
  return refs().filter((ref) => typeof ref === "string");
}

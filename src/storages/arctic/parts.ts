import { join, resolve } from "node:path";
import { segmentName } from "../../frame/names.ts";
import { withLock } from "../../system/lock.ts";
import type { StorageContext } from "../context.ts";
import { type ArcticRules, arcticCapabilities } from "./capabilities.ts";
import { ArcticLibrary } from "./library.ts";
import { arcticPlace } from "./uri.ts";

/** What source, saver and backup of one arctic storage share. */
export interface ArcticParts extends StorageContext {
  readonly library: ArcticLibrary;
  readonly rules: ArcticRules;
  readonly storageId: string;
  /** Runs `work` while this program alone, of those on this machine, writes that symbol. Two writers without it lose versions. */
  exclusive<T>(symbol: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** @throws ConfigError when the settings point nowhere. */
export function arcticParts(context: StorageContext): ArcticParts {
  const { config, logger } = context;
  const place = arcticPlace(config);
  const locks = resolve(config.FS_DATA, ".millrace", "locks", "arctic");
  const library = new ArcticLibrary(place, config, logger);
  return {
    ...context,
    library,
    rules: { type: "arctic", capabilities: arcticCapabilities(place.shared) },
    storageId: `arctic:${place.where}/${place.library}`,
    exclusive: (symbol, work, signal) =>
      withLock(
        join(locks, `${segmentName(symbol)}.lock`),
        async () => {
          await library.claim(symbol, signal);
          return work();
        },
        {
          timeoutMs: config.LOCK_TIMEOUT,
          what: `${symbol} in arctic`,
          storage: "arctic",
          frame: symbol,
          ...(signal && { signal }),
        },
      ),
  };
}

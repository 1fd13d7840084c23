/**
 * Frames as symbols of an ArcticDB library, by the official client in a Python worker.
 *
 * @module
 */
import "../../system/node-version.ts";

import type { Diagnosis, IDiagnose } from "../../contracts/diagnose.ts";
import type { HelperStatus, IHelpers } from "../../contracts/helpers.ts";
import type { Capabilities, IStorage } from "../../contracts/storage.ts";
import type { StorageContext } from "../context.ts";
import { ArcticBackup } from "./backup.ts";
import { diagnoseArctic } from "./health.ts";
import { stopWorkers, workerStatus } from "./helpers.ts";
import { type ArcticParts, arcticParts } from "./parts.ts";
import { ArcticSaver } from "./saver.ts";
import { ArcticSource } from "./source.ts";

export type { Aggregate, AggregateFunction, ArcticReadOptions, ArcticSaveOptions, AsOf } from "./options.ts";
export type { ArcticSnapshot, ArcticVersion } from "./versions.ts";

export { ArcticBackup, ArcticSaver, ArcticSource, stopWorkers, workerStatus };

/**
 * The storage `arctic`. Making a component starts the worker in the background where ArcticDB is installed; the first read or
 * write installs it where it is not.
 */
export class ArcticStorage implements IStorage, IHelpers, IDiagnose {
  readonly type = "arctic";
  readonly capabilities: Capabilities;
  readonly #parts: ArcticParts;

  /**
   * Starts nothing until a component is made.
   *
   * @throws ConfigError when the ARCTIC_* settings point nowhere.
   */
  constructor(context: StorageContext) {
    this.#parts = arcticParts(context);
    this.capabilities = this.#parts.rules.capabilities;
  }

  source(): ArcticSource {
    this.#parts.library.warm();
    return new ArcticSource(this.#parts);
  }

  saver(): ArcticSaver {
    this.#parts.library.warm();
    return new ArcticSaver(this.#parts, () => this.backup());
  }

  backup(): ArcticBackup {
    this.#parts.library.warm();
    return new ArcticBackup(this.#parts);
  }

  async helpers(): Promise<HelperStatus[]> {
    return workerStatus({ sockets: await this.#parts.library.sockets() });
  }

  async stopHelpers(options: { force?: boolean } = {}): Promise<HelperStatus[]> {
    return stopWorkers({ ...options, sockets: await this.#parts.library.sockets() });
  }

  diagnose(): Promise<Diagnosis[]> {
    return diagnoseArctic(this.#parts);
  }

  /** Leaves the worker, which ends some idle time after its last user. */
  close(): Promise<void> {
    return this.#parts.library.close();
  }
}

import { getConfigLogger } from "../../config/get-config-logger.ts";
import type { Config } from "../../config/settings.ts";
import type { ILedger } from "../../contracts/ledger.ts";
import type { Logger } from "../../contracts/logger.ts";
import { DataFactory } from "../../factory/data-factory.ts";
import { openLedger } from "../ledger/open.ts";
import type { RunSurroundings } from "../pipeline.ts";

/** What a pipeline works with. What was made here is closed when this is disposed of; what was handed in stays open. */
export interface Surroundings extends AsyncDisposable {
  readonly factory: DataFactory;
  readonly config: Config;
  readonly logger: Logger;
  readonly ledger: ILedger;
}

export async function surround(name: string, given: RunSurroundings): Promise<Surroundings> {
  await using made = new AsyncDisposableStack();
  let { factory } = given;
  let logger = given.logger ?? factory?.logger;
  if (!factory) {
    const found = await getConfigLogger(name, given.config);
    logger ??= found.logger;
    factory = made.use(new DataFactory({ config: found.config, logger }));
  }
  const { config } = factory;
  const ledger = given.ledger ?? made.use(await openLedger(config, factory.logger));
  const kept = made.move();
  return {
    factory,
    config,
    logger: logger ?? factory.logger,
    ledger,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

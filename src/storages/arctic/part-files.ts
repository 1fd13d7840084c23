import type { Config } from "../../config/settings.ts";
import { type ExchangeFile, exchangeFile } from "../../frame/exchange.ts";

/** About how large the part of a table is that travels in one file. Each costs some milliseconds of its own. */
export const partBytes = 32 * 2 ** 20;

const keptMs = 1_000;
const kept: { file: ExchangeFile; folder: string; timer: NodeJS.Timeout }[] = [];

/** An exchange file for one part. Whoever is done with it, and knows that nobody writes to it any more, gives it back. */
export interface PartFile {
  readonly path: string;
  /** Keeps it for the next part for a second: in memory that the system has cleared before, a copy takes half the time. */
  giveBack(): void;
  remove(): Promise<void>;
}

export async function partFile(config: Pick<Config, "FS_TEMP">, bytes = partBytes): Promise<PartFile> {
  const found = kept.findIndex(({ folder }) => folder === config.FS_TEMP);
  const [before] = found < 0 ? [] : kept.splice(found, 1);
  clearTimeout(before?.timer);
  const file = before?.file ?? (await exchangeFile(config, 2 * bytes));
  const remove = async () => file[Symbol.asyncDispose]();
  return {
    path: file.path,
    remove,
    giveBack() {
      const timer = setTimeout(() => {
        kept.splice(kept.indexOf(entry), 1);
        void remove();
      }, keptMs);
      const entry = { file, folder: config.FS_TEMP, timer };
      timer.unref();
      kept.push(entry);
    },
  };
}

import { diffJson, diffText } from "../pipelines/diff/render.ts";
import { diffStores } from "../pipelines/diff/stores.ts";
import type { GlobalOptions } from "./options.ts";
import { printJson, printLines } from "./output.ts";
import type { DiffArguments } from "./pipeline-commands.ts";
import { inSession } from "./session.ts";
import { parseFrame } from "./show.ts";

/** Prints how two frames differ. The exit code is 0 also when they do. */
export function diff(old: string, next: string, { key, order }: DiffArguments, options: GlobalOptions): Promise<void> {
  const sides = [parseFrame(old), parseFrame(next)] as const;
  return inSession(options, async ({ config, factory }) => {
    const side = ([storage, name]: readonly [string, string]) => ({ source: factory.createDataSource(storage), name });
    const found = await diffStores(side(sides[0]), side(sides[1]), {
      config,
      ...(key !== undefined && { key: key.split(",").map((column) => column.trim()) }),
      ...(order === true && { order }),
    });
    if (options.json) printJson(diffJson(found));
    else printLines([diffText(found, { width: process.stdout.columns ?? 120 }).trimEnd()]);
  });
}

import type { IDataSource } from "../contracts/data-source.ts";
import type { IDescribe } from "../contracts/describe.ts";
import { ConflictError } from "../errors.ts";
import { plainName } from "../frame/names.ts";
import { openLedger } from "../pipelines/ledger/open.ts";
import { countText } from "../pipelines/show/text.ts";
import { transfer } from "../pipelines/transfer.ts";
import { confirm } from "./confirm.ts";
import { interruptible } from "./interrupt.ts";
import type { GlobalOptions } from "./options.ts";
import { printJson, say } from "./output.ts";
import { inSession } from "./session.ts";
import { rowsTicker } from "./ticker.ts";

/**
 * Copies every frame of a storage to another one, and compares each afterwards. What was compared is remembered, so that a migration
 * which broke off goes on where it was; a frame that has changed since is copied again.
 */
export function migrate(from: string, to: string, given: { yes?: boolean }, options: GlobalOptions): Promise<void> {
  return interruptible(options, (signal) => migrateUntil(signal, from, to, given, options));
}

function migrateUntil(
  signal: AbortSignal,
  from: string,
  to: string,
  { yes }: { yes?: boolean },
  options: GlobalOptions,
): Promise<void> {
  return inSession(options, async ({ config, factory, logger }) => {
    const source = factory.createDataSource(from);
    const names = await source.listSources();
    requireDistinct(names, to);
    const standing = new Set((await factory.createDataSource(to).listSources()).map(plainName));
    const replaced = names.filter((name) => standing.has(plainName(name)));
    const stand = replaced.length === 1 ? "1 that stands there is" : `${replaced.length} that stand there are`;
    const ask = `Copy ${countText(names.length, "frame")} from ${from} to ${to}? ${stand} replaced.`;
    if (replaced.length > 0 && !(await confirm(ask, yes))) return say("Nothing was copied.", options);
    await using ledger = await openLedger(config, logger);
    const done: { name: string; rows: number; skipped: boolean }[] = [];
    for (const name of names) {
      const stamp = await stampOf(source, name);
      const key = `${from}>${to}:${name}`;
      if (standing.has(plainName(name)) && stamp !== "" && (await ledger.recall("migrate", key)) === stamp) {
        say(`${from}:${name} was copied before, and is as it was.`, options);
        done.push({ name, rows: 0, skipped: true });
        continue;
      }
      using ticker = rowsTicker(`Copying ${from}:${name}`, options);
      const { rows } = await transfer(factory, `${from}:${name}`, [to], { verify: true, signal, onRows: ticker.tick });
      ticker[Symbol.dispose]();
      await ledger.remember("migrate", key, stamp);
      say(`${from}:${name}: ${rows} rows, equal.`, options);
      done.push({ name, rows, skipped: false });
    }
    if (options.json) printJson(done);
    else say(`${countText(done.length, "frame")} of ${from} ${done.length === 1 ? "is" : "are"} in ${to}.`, options);
  });
}

/** Two names that are one without their endings. */
function requireDistinct(names: readonly string[], to: string): void {
  const byPlain = Map.groupBy(names, plainName);
  const met = [...byPlain].find(([, all]) => all.length > 1);
  if (!met) return;
  throw new ConflictError(`${met[1].join(" and ")} would both become ${to}:${met[0]}.`, {
    code: "NAME_CONFLICT",
    hint: "Copy one of them under another name: `millrace copy`.",
  });
}

async function stampOf(source: IDataSource, name: string): Promise<string> {
  if (!("describe" in source)) return "";
  const { modified, bytes, rows } = await (source as IDataSource & IDescribe).describe(name);
  return `${modified.toISOString()} ${bytes} ${rows ?? ""}`;
}

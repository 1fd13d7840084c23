import type { SaveOptions } from "../../contracts/save-options.ts";
import { ConfigError } from "../../errors.ts";
import { plainName } from "../../frame/names.ts";
import type { CopyStep } from "../definition.ts";
import { type Range, Reader } from "../incremental/reader.ts";
import type { Part } from "../run/part.ts";
import { backupPlace, type SaverPlace, type SourcePlace, saverPlace, sourcePlace } from "../run/places.ts";
import { RunSaver } from "../run/saver.ts";
import type { StepScope } from "../run/session.ts";
import { RunSource } from "../run/source.ts";
import { runSources, type SourceTotals } from "../run/sources.ts";
import { sourcesOf } from "./choice.ts";
import { backfillParts } from "./ranges.ts";
import { toEach } from "./tee.ts";

/** Copies frames from one place to others, in batches, each frame read once whatever the number of its destinations. */
export async function copyStep(scope: StepScope, step: CopyStep): Promise<SourceTotals> {
  const { session } = scope;
  const { factory, planned } = session;
  const from = sourcePlace(factory, step.from);
  const to = (Array.isArray(step.to) ? step.to : [step.to]).map((ref) => saverPlace(factory, ref));
  const given = step.sources ?? (from.frame === undefined ? undefined : [from.frame]);
  const listed = planned ? planned.over(from.source, from.id) : from.source;
  const names = await sourcesOf(scope, given, { id: from.id, source: listed });
  requireRoom(from, to, names);
  return runSources(
    scope,
    names.flatMap((source) =>
      backfillParts(session.request, step.incremental, source).map(({ name, range }) => ({
        source: name,
        of: source,
        work: (part) => copyOne(step, from, to, source, range, part),
      })),
    ),
  );
}

async function copyOne(
  step: CopyStep,
  from: SourcePlace,
  to: readonly SaverPlace[],
  source: string,
  range: Range | undefined,
  part: Part,
): Promise<void> {
  const { session, step: ready, signal } = part.scope;
  const targets = to.map((place) => ({ place, name: place.frame ?? plainName(source) }));
  const rule = step.incremental;
  const reader = rule && new Reader(session, { rule, step: ready.name, source, backfill: range });
  await reader?.begin(targets);
  for (const { place, name } of targets) session.planned?.look(place, name, signal);
  const backup = step.backup === undefined ? undefined : backupPlace(session.factory, step.backup);
  const rules = { checks: ready.checks, onFail: ready.onFail, backup, reader };
  const savers = targets.map(({ place, name }) => ({ name, saver: new RunSaver(() => part, place, rules) }));
  const reading = { ...(step.columns && { columns: [...step.columns] }), ...(step.schema && { schema: step.schema }) };
  const input = new RunSource(() => part, from, reader);
  const options = saveOptionsOf(step);
  for (const _ of reader?.ranges() ?? [undefined]) {
    if (reader || session.planned || !("getBatches" in from.source) || isWhole(ready.checks)) {
      const rows = await input.getData(source, reading);
      for (const { name, saver } of savers) await saver.saveData(rows, name, options);
      continue;
    }
    const batches = input.getBatches(source, {
      ...reading,
      signal,
      ...(step.batchRows && { batchRows: step.batchRows }),
    });
    await toEach(
      batches,
      savers.map(
        ({ name, saver }) =>
          (stream) =>
            saver.saveBatches(stream, name, options),
      ),
    );
  }
  await reader?.done();
  if (reader && reader.leftOut > 0) part.note = `${reader.leftOut} rows without a time were left out.`;
}

/** A check over the frame as a whole can't be made of batches. */
function isWhole(checks: object | undefined): boolean {
  return checks !== undefined && "frame" in checks;
}

function saveOptionsOf({ mode, key, schema, timeColumn, schemaChange }: CopyStep): SaveOptions {
  return {
    ...{ ...(mode && { mode }), ...(key && { key }), ...(schema && { schema }) },
    ...{ ...(timeColumn !== undefined && { timeColumn }), ...(schemaChange && { schemaChange }) },
  } as SaveOptions;
}

/** @throws ConfigError when several frames would go under one name, or one onto itself. */
function requireRoom(from: SourcePlace, to: readonly SaverPlace[], names: readonly string[]): void {
  for (const { id, frame, type } of to) {
    if (frame !== undefined && names.length > 1) {
      throw new ConfigError(`${names.length} frames would be copied to the one name ${type}:${frame}.`, {
        hint: `Leave the name out, "${type}", so that each keeps its own.`,
      });
    }
    const onto = names.find((name) => id === from.id && plainName(frame ?? name) === plainName(name));
    if (onto !== undefined)
      throw new ConfigError(`"${onto}" would be copied onto itself.`, {
        frame: onto,
        hint: "Name another storage or another name.",
      });
  }
}

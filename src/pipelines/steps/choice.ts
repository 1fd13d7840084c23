import type { IDataSource } from "../../contracts/data-source.ts";
import { NotFoundError } from "../../errors.ts";
import { plainName } from "../../frame/names.ts";
import { didYouMean } from "../../system/nearest.ts";
import type { Session, StepScope } from "../run/session.ts";

/**
 * The sources of a step: what the run was asked for, else what the step says, else what earlier steps of the run saved in that place,
 * else all that is listed there, without quarantines.
 */
export async function sourcesOf(
  { session, step }: StepScope,
  given: readonly string[] | undefined,
  place: { id: string; source: Pick<IDataSource, "listSources"> },
): Promise<string[]> {
  const { only } = session.seat ?? {};
  // Which sources there are was found out where the run is led from.
  if (only && only.source !== "*") return [only.of];
  const names =
    given ?? (await savedBefore(session, step.name, place.id)) ?? (await place.source.listSources()).filter(isData);
  return narrowed(session, names);
}

/** Of these only those that the run was asked for. Names that differ by the ending of a csv file are one. */
export function narrowed({ request, offered }: Session, names: readonly string[]): string[] {
  const unique = [...new Set(names)];
  for (const name of unique) offered.add(plainName(name));
  if (!request.sources) return unique;
  const wanted = new Set(request.sources.map(plainName));
  return unique.filter((name) => wanted.has(plainName(name)));
}

/**
 * Asserts that every source that was asked for is one of a step. Nothing is known of what a run has done before, and of other
 * pipelines within it.
 *
 * @throws NotFoundError
 */
export function requireAsked({ pipeline, request, offered }: Session): void {
  const missing = request.sources?.find((name) => !offered.has(plainName(name)));
  if (missing === undefined) return;
  throw new NotFoundError(`${pipeline} has no source "${missing}".${didYouMean(missing, [...offered])}`, {
    frame: missing,
    hint: "Name sources as `show(run)` lists them.",
  });
}

async function savedBefore(
  { ledger, id, planned }: Session,
  step: string,
  storage: string,
): Promise<string[] | undefined> {
  const touches = planned
    ? planned.saves.map((save) => ({ step: save.step, storage: save.place.id, destination: save.destination }))
    : await ledger.touches({ run: id });
  const names = touches
    .filter((touch) => touch.storage === storage && touch.step !== step)
    .map(({ destination }) => destination);
  const data = names.filter(isData);
  return data.length > 0 ? data : undefined;
}

function isData(name: string): boolean {
  return !plainName(name).endsWith("__quarantine");
}

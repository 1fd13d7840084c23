import { z } from "zod";
import type { KeptMarks, RunMark } from "../contracts/run-mark.ts";
import { ConfigError, ConflictError, SaveError } from "../errors.ts";

/**
 * Marks as storages keep them with a frame: small, since they are written with every save. Pairs, so that any name can stand in them.
 * A part is the run, the piece of work, the moment, and of a job in a queue its token, `job:attempt`.
 */
export const marksShape = z.object({
  parts: z.array(z.tuple([z.string(), z.string(), z.string()]).rest(z.string())),
  cursors: z.array(z.tuple([z.string(), z.string()])),
});

export type Marks = z.output<typeof marksShape>;

/** What a storage finds of marks under a name: none when nothing stands there, `changed` when another program has written it since. */
export type FoundMarks = Marks | "changed" | null;

/** How many saves stay known. At most as many sources are under way at once when a process is killed. */
const keptParts = 100;

/** What a save has to do with marks. */
export interface MarkedSave {
  readonly mode?: string | undefined;
  readonly run?: RunMark | undefined;
}

/** @throws ConfigError when the save option `run` is no mark. */
export function assertMark(run: unknown, storage: string): void {
  if (run === undefined) return;
  const { id, part } = (run ?? {}) as Partial<Record<keyof RunMark, unknown>>;
  if (typeof id === "string" && id !== "" && typeof part === "string" && part !== "") return;
  throw new ConfigError('run is a mark such as { id: "the run\'s id", part: "copy/prices" }.', { storage });
}

/**
 * Whether this save was done already. Only an append is asked: repeating any other mode brings about the same.
 *
 * @throws SaveError OUTCOME_UNKNOWN for an append that may have been done, where what stands there can't tell any more.
 */
export function isDone(
  found: FoundMarks,
  { mode, run }: MarkedSave,
  about: { storage: string; frame: string },
): boolean {
  if (!run || mode !== "append") return false;
  const marks = found === "changed" ? null : found;
  if (marks?.parts.some(([id, part]) => id === run.id && part === run.part)) return true;
  const oldest = marks && marks.parts.length >= keptParts ? marks.parts[0]?.[2] : undefined;
  const forgotten = oldest !== undefined && run.since !== undefined && oldest > run.since;
  if (run.since === undefined || !(found === "changed" || forgotten)) return false;
  const why = forgotten ? "too many other saves came after it" : "another program has written it since";
  throw new SaveError(
    `Whether "${run.part}" of run ${run.id} was appended to ${about.frame} before it broke off can't be told: ${why}.`,
    {
      ...about,
      code: "OUTCOME_UNKNOWN",
      hint: "See whether its rows stand there, then start a new run, or let it upsert by a key.",
    },
  );
}

/**
 * A later try at the same job has saved already: this one was asleep meanwhile.
 *
 * @throws ConflictError LEASE_LOST
 */
export function refuseOvertaken(
  found: FoundMarks,
  { run }: MarkedSave,
  about: { storage: string; frame: string },
): void {
  const token = run?.fence?.token;
  if (!token || found === null || found === "changed") return;
  const kept = found.parts.find(([id, part]) => id === run.id && part === run.part)?.[3];
  const [job, attempt] = kept?.split(":") ?? [];
  if (job !== token.job || Number(attempt) <= token.attempt) return;
  throw new ConflictError(`A later try at "${run.part}" of run ${run.id} has saved ${about.frame} already.`, {
    ...about,
    code: "LEASE_LOST",
  });
}

/** The marks that stand beside the frame after the save. */
export function nextMarks(found: FoundMarks, { run }: MarkedSave): Marks | undefined {
  const old = found === "changed" ? null : found;
  if (!run) return old ?? undefined;
  const { id, part, cursor, fence } = run;
  const token = fence ? [`${fence.token.job}:${fence.token.attempt}`] : [];
  const parts = (old?.parts ?? []).filter(([otherId, otherPart]) => otherId !== id || otherPart !== part);
  const cursors = (old?.cursors ?? []).filter(([reader]) => reader !== cursor?.reader);
  return {
    parts: [...parts, [id, part, new Date().toISOString(), ...token] as const]
      .slice(-keptParts)
      .map((each) => [...each]),
    cursors: cursor ? [...cursors, [cursor.reader, cursor.value]] : cursors,
  };
}

/** As the contract has them. */
export function keptMarksOf(found: FoundMarks): KeptMarks | null {
  if (found === null) return null;
  const { parts, cursors } = found === "changed" ? { parts: [], cursors: [] } : found;
  return {
    parts: parts.map(([id, part, at]) => ({ id, part, at })),
    cursors: new Map(cursors),
    changed: found === "changed",
  };
}

/** Marks out of JSON; undefined for none, or of a form that is not known. */
export function readMarks(value: unknown): Marks | undefined {
  const parsed = marksShape.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/** The marks that went with a backup: they come back with its rows. */
export function marksOf({ extra }: { extra?: unknown }): Marks | undefined {
  return typeof extra === "object" && extra !== null && "marks" in extra ? readMarks(extra.marks) : undefined;
}

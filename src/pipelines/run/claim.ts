import { setTimeout as sleep } from "node:timers/promises";
import type { Claim, ILedger } from "../../contracts/ledger.ts";
import { ConflictError } from "../../errors.ts";

/** Waits between looks, while another run is under way. */
const lookMs = 250;
/** Somebody who only looks whether a run is alive holds the claim for a moment. */
const momentMs = [5, 20, 50];

/** Claims a pipeline. Null when another run of it is under way and that is no fault. @throws ConflictError RUN_OVERLAP */
export async function claimPipeline(
  ledger: ILedger,
  pipeline: string,
  { onOverlap, signal }: { onOverlap: "skip" | "wait" | "fail"; signal: AbortSignal },
): Promise<Claim | null> {
  for (let looks = 0; ; looks++) {
    signal.throwIfAborted();
    const claim = await ledger.claim(pipeline);
    if (claim) return claim;
    const waitMs = momentMs[looks] ?? (onOverlap === "wait" ? lookMs : null);
    if (waitMs === null) break;
    await sleep(waitMs, undefined, { signal }).catch(() => {});
  }
  if (onOverlap === "skip") return null;
  const [other] = await ledger.runs({ pipeline, limit: 1 });
  const which =
    other?.state === "running" ? `Run ${other.id} (${other.by}, since ${other.began.toISOString()})` : "Another run";
  throw new ConflictError(`${which} of ${pipeline} is under way.`, {
    code: "RUN_OVERLAP",
    hint: 'Wait for it, or declare onOverlap: "wait" or "skip".',
  });
}

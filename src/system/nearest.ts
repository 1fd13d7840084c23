import { distance } from "fastest-levenshtein";

/** The candidates that `name` may have been meant to be, closest first. Letter case does not count. */
export function nearestNames(name: string, candidates: readonly string[], max = 3): string[] {
  const wanted = name.toLowerCase();
  return candidates
    .map((candidate) => ({ candidate, far: farness(wanted, candidate.toLowerCase()) }))
    .filter(({ candidate, far }) => far <= Math.max(2, Math.floor(Math.max(name.length, candidate.length) * 0.4)))
    .sort((a, b) => a.far - b.far || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, max)
    .map(({ candidate }) => candidate);
}

/** A sentence to append to a message: ` Did you mean "x"?`, or nothing when no candidate is close. */
export function didYouMean(name: string, candidates: readonly string[]): string {
  const [nearest] = nearestNames(name, candidates, 1);
  return nearest === undefined ? "" : ` Did you mean "${nearest}"?`;
}

/** Edits from one to the other; a name that merely continues the wanted one counts as close. */
function farness(wanted: string, candidate: string): number {
  if (wanted.length >= 3 && candidate.startsWith(wanted)) return Math.min(2, candidate.length - wanted.length);
  return distance(wanted, candidate);
}

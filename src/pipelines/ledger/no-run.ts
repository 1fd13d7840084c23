import type { ILedger } from "../../contracts/ledger.ts";
import { NotFoundError } from "../../errors.ts";
import { didYouMean } from "../../system/nearest.ts";

/** Runs whose ids are looked at for the nearest one. */
const lookedAt = 200;

/** The error for an id that no run has, with the nearest one. `what` says who has none. */
export async function noRun(
  ledger: ILedger,
  id: string,
  { what = "The ledger has", pipeline }: { what?: string; pipeline?: string } = {},
): Promise<NotFoundError> {
  const runs = await ledger.runs({ ...(pipeline === undefined ? {} : { pipeline }), limit: lookedAt });
  const ids = runs.map((run) => run.id);
  return new NotFoundError(`${what} no run "${id}".${didYouMean(id, ids)}`, {
    code: "RUN_NOT_FOUND",
    hint: ids[0] === undefined ? "Nothing has been run yet." : `The last one is ${ids[0]}; see \`millrace runs\`.`,
  });
}

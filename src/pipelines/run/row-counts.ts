import type { Session } from "./session.ts";

/** Row counts of the last saves that passed their checks, newest first: what `drift` compares with. */
const kind = "rows";
const kept = 20;

export async function recallRows(
  { ledger, pipeline }: Session,
  storage: string,
  destination: string,
): Promise<number[]> {
  const text = await ledger.recall(kind, `${pipeline}\n${storage}\n${destination}`);
  return text === null ? [] : (JSON.parse(text) as number[]);
}

export async function rememberRows(
  session: Session,
  storage: string,
  destination: string,
  rows: number,
): Promise<void> {
  const counts = [rows, ...(await recallRows(session, storage, destination))].slice(0, kept);
  await session.ledger.remember(kind, `${session.pipeline}\n${storage}\n${destination}`, JSON.stringify(counts));
}

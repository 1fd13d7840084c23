import { ask } from "../confirm.ts";

/** Where the results of a new service go. */
export const initStorages = ["csv", "postgres", "arctic"] as const;
export type InitStorage = (typeof initStorages)[number];

export function isInitStorage(text: string): text is InitStorage {
  return (initStorages as readonly string[]).includes(text);
}

const about: Readonly<Record<InitStorage, string>> = {
  csv: "files, with backups",
  postgres: "an embedded server, or your own",
  arctic: "time series with versions (needs Python)",
};

/** Asks on a terminal; elsewhere it is csv. Undefined when the user leaves. */
export async function chooseStorage(): Promise<InitStorage | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return "csv";
  const list = initStorages.map((storage, i) => `  ${i + 1}  ${storage.padEnd(9)} ${about[storage]}`).join("\n");
  for (;;) {
    const answer = await ask(`Where do results go?\n${list}\n[1] `);
    if (answer === undefined) return undefined;
    const chosen = initStorages[Number(answer || "1") - 1] ?? answer;
    if (isInitStorage(chosen)) return chosen;
  }
}

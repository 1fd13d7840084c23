import { createInterface } from "node:readline/promises";

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

/** Asks on a terminal; elsewhere it is csv. */
export async function chooseStorage(): Promise<InitStorage> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return "csv";
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const list = initStorages.map((storage, i) => `  ${i + 1}  ${storage.padEnd(9)} ${about[storage]}`).join("\n");
    for (;;) {
      const answer = (await lines.question(`Where do results go?\n${list}\n[1] `)).trim() || "1";
      const chosen = initStorages[Number(answer) - 1] ?? answer;
      if (isInitStorage(chosen)) return chosen;
    }
  } finally {
    lines.close();
  }
}

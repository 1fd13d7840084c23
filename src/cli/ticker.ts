import type { GlobalOptions } from "./options.ts";

/** How often the line on a terminal changes. */
const everyMs = 100;

export interface RowsTicker extends Disposable {
  tick(this: void, rows: number): void;
}

/** On a terminal, one line on stderr that counts rows while something goes on, and is gone at the end. Elsewhere nothing. */
export function rowsTicker(what: string, { quiet, json }: GlobalOptions): RowsTicker {
  const shows = process.stderr.isTTY === true && !quiet && !json;
  const began = performance.now();
  let last = 0;
  let shown = false;
  return {
    tick(rows) {
      const now = performance.now();
      if (!shows || now - last < everyMs) return;
      last = now;
      shown = true;
      const rate = Math.round(rows / ((now - began) / 1_000));
      process.stderr.write(`\r\u001b[K${what}: ${rows.toLocaleString("en")} rows, ${rate.toLocaleString("en")}/s`);
    },
    [Symbol.dispose]() {
      if (shown) process.stderr.write("\r\u001b[K");
      shown = false;
    },
  };
}

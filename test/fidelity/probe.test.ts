import { test } from "vitest";
import { compareFrames } from "../../src/frame/compare.ts";
import { cases } from "./cases.ts";
import { openStores } from "./stores.ts";

test("probe", { timeout: 600_000 }, async () => {
  await using stores = await openStores();
  for (const [at, each] of cases.entries()) {
    const df = each.make();
    const line: string[] = [];
    for (const store of stores.all.filter(({ type }) => (process.env.ONLY ?? type).includes(type))) {
      const t = performance.now();
      try {
        await store.saver.saveData(df, `case_${at}`, store.options);
        const back = await store.source.getData(`case_${at}`);
        const diff = await compareFrames(back, df);
        line.push(
          `${diff ? `${store.type}: DIFF ${diff.message}` : `${store.type} ok`} ${(performance.now() - t).toFixed(0)}`,
        );
      } catch (cause) {
        const e = cause as Error & { hint?: string };
        line.push(`${store.type}: ${e.name} ${e.message.slice(0, 160)}`);
      }
    }
    console.log(`${each.group} ${each.label}: ${line.join(" | ")}`);
  }
});

import { describe, expect, test } from "vitest";
import { record } from "./report.ts";
import { faults } from "./table.ts";

const share = Number(process.env.MILLRACE_FAULTS ?? 1);

describe.each(faults)("$words", ({ words, storages, tries: most, bring }) => {
  test.each(storages)("leaves the frames of %s whole", async (storage) => {
    const { tries, failures, found } = await bring(storage, Math.ceil(most * share));
    if (failures.length > 0) console.error(`${words}, ${storage}:\n${failures.slice(0, 20).join("\n")}`);
    await record({ fault: words, storage, tries, failures: failures.length, found });
    expect(failures).toEqual([]);
  });
});

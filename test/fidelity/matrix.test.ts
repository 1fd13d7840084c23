import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FidelityError } from "../../src/errors.ts";
import { compareFrames } from "../../src/frame/compare.ts";
import type { DataFrame } from "../../src/frame/polars.ts";
import { cases, type FidelityCase } from "./cases.ts";
import { refusals } from "./refusals.ts";
import { type Matrix, type Outcome, writeReport } from "./report.ts";
import { openStores, type Store, type Stores } from "./stores.ts";

/** `npm run matrix` runs this file alone, and writes the document; every other run compares it. */
const writing = process.env.MODE === "matrix";
const document = new URL("../../docs/fidelity.md", import.meta.url);
const types = ["csv", "temp", "postgres", "arctic"];
const zones = ["UTC", "America/New_York", "Asia/Kathmandu"];
const processZone = process.env.TZ;

let stores: Stores;
const matrix: Matrix = { types, cells: new Map(), pairs: new Map() };

beforeAll(async () => {
  stores = await openStores();
});

afterAll(async () => {
  setZone(processZone);
  await stores[Symbol.asyncDispose]();
});

const storeOf = (type: string) => stores.all.find((store) => store.type === type) as Store;

describe.each(cases.map((each, at) => ({ title: `${each.group}: ${each.label}`, each, name: `case_${at}` })))(
  "$title",
  ({ each, name }) => {
    test.each(types)("%s gives it back exactly, or refuses it with the reason", async (type) => {
      const outcome = await inZones(each, (df) => holds(storeOf(type), name, df));
      matrix.cells.set(`${each.group} | ${each.label} | ${type}`, outcome);
      expect(outcome.refused ?? "exact").toMatch(refusals[type]?.[each.label] ?? /^exact$/);
    });

    test.each(types.flatMap((from) => types.filter((to) => to !== from).map((to) => ({ from, to }))))(
      "from $from to $to it stays exactly the same, batch by batch",
      async ({ from, to }) => {
        const refused = (type: string) =>
          matrix.cells.get(`${each.group} | ${each.label} | ${type}`)?.refused !== undefined;
        const pair = matrix.pairs.get(`${from} ${to}`) ?? { exact: 0, refused: 0 };
        matrix.pairs.set(`${from} ${to}`, pair);
        if (refused(from) || refused(to)) {
          pair.refused++;
          return;
        }
        const { saver, source, options } = storeOf(to);
        await saver.saveBatches(storeOf(from).source.getBatches(name), `${name}_from_${from}`, options);
        expect(await compareFrames(await source.getData(`${name}_from_${from}`), each.make())).toBeNull();
        pair.exact++;
      },
    );
  },
);

describe("the whole matrix", () => {
  test("holds at least 95 of 100 cells exactly", () => {
    const exact = [...matrix.cells.values()].filter(({ refused }) => refused === undefined).length;
    expect(matrix.cells.size).toBe(cases.length * types.length);
    expect(exact / matrix.cells.size).toBeGreaterThanOrEqual(0.95);
  });

  test("stands in docs/fidelity.md as it came out (npm run matrix writes it)", async () => {
    const report = writeReport(cases, matrix);
    if (writing) await writeFile(document, report);
    expect(await readFile(document, "utf8")).toBe(report);
  });
});

/** What is about time must not depend on the zone of the process. */
async function inZones(each: FidelityCase, work: (df: DataFrame) => Promise<Outcome>): Promise<Outcome> {
  let outcome: Outcome = {};
  for (const zone of each.group === "Times" ? zones : [processZone]) {
    setZone(zone);
    outcome = await work(each.make());
    if (outcome.refused !== undefined) break;
  }
  setZone(processZone);
  return outcome;
}

function setZone(zone: string | undefined): void {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
}

/** Exact, or refused by a FidelityError that says where and what to do; anything else fails. */
async function holds({ saver, source, options }: Store, name: string, df: DataFrame): Promise<Outcome> {
  try {
    await saver.saveData(df, name, options);
  } catch (cause) {
    if (!(cause instanceof FidelityError)) throw cause;
    expect(cause.hint, cause.message).toMatch(/./);
    return { refused: cause.message.replace(name, "it"), remedy: cause.hint as string };
  }
  expect(await compareFrames(await source.getData(name), df)).toBeNull();
  return {};
}

import fc from "fast-check";
import { expect } from "vitest";
import { FidelityError } from "../../src/errors.ts";
import { compareFrames } from "../../src/frame/compare.ts";
import { frame } from "../../src/frame/frame.ts";
import type { DataFrame } from "../../src/frame/polars.ts";
import { type AnyColumn, anyColumns, type Values } from "../frame/arbitrary.ts";
import { openStores, type Store } from "./stores.ts";

/** Random frames through random pairs of storages. fast-check prints the seed and the smallest frame of a failure. */
export async function checkPairs(values: Values, runs: number): Promise<void> {
  await using stores = await openStores();
  const store = fc.constantFrom(...stores.all);
  const property = fc.asyncProperty(anyColumns(6, values), store, store, async (columns, from, to) => {
    const df = made(columns);
    if (!(await holds(from, "there", df, values))) return;
    const copied = to.saver.saveBatches(from.source.getBatches("there"), "copy", to.options);
    if (!(await isSaved(copied, values))) return;
    expect(await compareFrames(await to.source.getData("copy"), df), `${from.type} to ${to.type}`).toBeNull();
  });
  const forgetting = property.beforeEach(async () => {
    for (const { saver } of stores.all) for (const name of ["there", "copy"]) await saver.deleteData(name);
  });
  await fc.assert(forgetting, { numRuns: runs });
}

/** Random frames come back from their backups, after the data itself is gone. */
export async function checkBackups(runs: number): Promise<void> {
  await using stores = await openStores();
  const store = fc.constantFrom(...stores.all.filter(({ backup }) => backup));
  const property = fc.asyncProperty(
    anyColumns(6, "usual"),
    store,
    async (columns, { type, saver, source, backup, options }) => {
      const df = made(columns);
      await saver.saveData(df, "kept", options);
      const [, location] = (await backup?.backupData("kept")) ?? [];
      await saver.deleteData("kept");
      expect(await backup?.verifyBackup(location ?? ""), type).toBe(true);
      await backup?.restoreData(location ?? "");
      expect(await compareFrames(await source.getData("kept"), df), type).toBeNull();
      await saver.deleteData("kept");
    },
  );
  await fc.assert(property, { numRuns: runs });
}

async function holds({ type, saver, source, options }: Store, name: string, df: DataFrame, values: Values) {
  if (!(await isSaved(saver.saveData(df, name, options), values))) return false;
  expect(await compareFrames(await source.getData(name), df), type).toBeNull();
  return true;
}

/** Usual values are never refused; others are held exactly, or refused as what can't be held. */
async function isSaved(save: Promise<boolean>, values: Values): Promise<boolean> {
  try {
    return await save;
  } catch (cause) {
    if (values === "any" && cause instanceof FidelityError) return false;
    throw cause;
  }
}

function made(columns: ReadonlyMap<string, AnyColumn>): DataFrame {
  const values = Object.fromEntries([...columns].map(([name, column]) => [name, column.values]));
  return frame(values, { fields: [...columns].map(([name, { type }]) => ({ name, type, nullable: true })) });
}

import assert from "node:assert/strict";
import type { IRestorableBackup } from "../../contracts/restorable-backup.ts";
import { type Bench, rejects } from "../check.ts";
import { prices } from "../samples.ts";

type Rules = Record<string, (bench: Bench) => Promise<void>>;

/** What every saver with a backup must keep to. */
export const backups: Rules = {
  async "backs up what stands there, and says so when nothing does"(bench) {
    assert.deepEqual(await bench.backup.backupData(bench.name("nothing")), [false, null]);
    await bench.saver.saveData(prices(3), bench.name());
    const [ok, location] = await bench.backup.backupData(bench.name());
    assert.equal(ok, true);
    assert(location, "no location was given");
  },

  async "backs up every frame"(bench) {
    await bench.saver.saveData(prices(3), bench.name("one"));
    await bench.saver.saveData(prices(4), bench.name("two"));
    const done = await bench.backup.backupAll();
    const listed = await bench.source.listSources();
    assert.deepEqual(done.map(([source]) => source).sort(), listed.sort());
  },

  async "is healthy as a backup service"(bench) {
    assert.equal(await bench.backup.healthCheck(), true);
  },
};

/** Saving with a backup; also of storages that have no backup role. */
export const savingWithBackup: Rules = {
  async "saves a new name with nothing to back up"(bench) {
    assert.equal(await bench.saver.saveWithBackup(prices(3), bench.name()), true);
    await bench.holds(bench.name(), prices(3));
  },

  async "saves over an old frame with a backup of it"(bench) {
    await bench.saver.saveData(prices(3), bench.name());
    assert.equal(await bench.saver.saveWithBackup(prices(5, 2), bench.name()), true);
    await bench.holds(bench.name(), prices(5, 2));
  },
};

/** Backups that can be listed, checked and brought back. */
export const restoring: Rules = {
  async "restores the frame that was backed up, after backing up what stands there"(bench) {
    const backup = restorable(bench);
    await bench.saver.saveData(prices(3), bench.name(), { key: ["id"], timeColumn: "ts" });
    await bench.saver.saveWithBackup(prices(5, 2), bench.name());
    const [first] = await backup.listBackups(bench.name());
    assert(first, "saveWithBackup left no backup");
    assert.equal(first.rows, 3);
    assert.equal(await backup.restoreData(first.location), true);
    await bench.holds(bench.name(), prices(3));
    const [second] = await backup.listBackups(bench.name());
    assert.equal(second?.rows, 5, "what stood there was not backed up first");
  },

  async "restores under another name, also when the original is gone"(bench) {
    const backup = restorable(bench);
    await bench.saver.saveData(prices(3), bench.name());
    const [, location] = await backup.backupData(bench.name());
    if (bench.saver.deleteData) assert.equal(await bench.saver.deleteData(bench.name()), true);
    assert(location);
    await backup.restoreData(location, bench.name("copy"));
    await bench.holds(bench.name("copy"), prices(3));
  },

  async "verifies and proves a whole backup, and lists the newest first"(bench) {
    const backup = restorable(bench);
    const before = await bench.source.listSources();
    for (const rows of [2, 4]) {
      await bench.saver.saveData(prices(rows), bench.name());
      await backup.backupData(bench.name());
    }
    const [newest, oldest, ...others] = await backup.listBackups(bench.name());
    assert.deepEqual([newest?.rows, oldest?.rows, others.length], [4, 2, 0]);
    assert(newest);
    assert.equal(await backup.verifyBackup(newest.location), true);
    assert.equal(await backup.proveBackup(newest.location), true);
    const proven = (await backup.listBackups(bench.name())).find(({ location }) => location === newest.location);
    assert(proven?.proven instanceof Date, "the proof was not recorded");
    const stray = (await bench.source.listSources()).filter((name) => !before.includes(name));
    assert.equal(stray.length, 1, `proving left something behind: ${stray.join(", ")}`);
  },

  async "prunes all but the last backups"(bench) {
    const backup = restorable(bench);
    for (const rows of [2, 4, 6]) {
      await bench.saver.saveData(prices(rows), bench.name());
      await backup.backupData(bench.name());
    }
    const mine = async () => (await backup.listBackups(bench.name())).map(({ rows }) => rows);
    await backup.pruneBackups({ keepLast: 2, dryRun: true });
    assert.deepEqual(await mine(), [6, 4, 2]);
    await backup.pruneBackups({ keepLast: 2 });
    assert.deepEqual(await mine(), [6, 4]);
  },

  async "refuses to restore from a place where no backup is"(bench) {
    await rejects(restorable(bench).restoreData("/no/such/backup"), "NotFoundError");
  },
};

function restorable(bench: Bench): IRestorableBackup {
  const { backup } = bench;
  assert("restoreData" in backup, `the backups of ${bench.storage.type} can't be restored`);
  return backup as IRestorableBackup;
}
